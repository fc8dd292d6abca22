"""Via (RFC 3261 §20.42, RFC 3581)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from softswitch.core.errors import SipError
from softswitch.sip.grammar import (
    HOST,
    LONGEST_KEPT,
    NAME_CHARACTER,
    Parameters,
    parse_parameters,
    parse_port,
    write_parameters,
)

_VIA: Final = re.compile(  # blanks may stand around the slashes and the colon (RFC 3261 §25.1)
    r"[ \t]*+SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+"
    rf"({NAME_CHARACTER}++)[ \t]++({HOST})(?:[ \t]*+:[ \t]*+([0-9]{{1,5}}))?[ \t]*+(;.*)?",
    re.IGNORECASE,
)


class Via(NamedTuple):
    """One hop: transport, sent-by and parameters."""

    transport: str
    """In lower case."""
    host: str
    """The sent-by host; an IPv6 reference keeps its brackets."""
    port: int | None
    parameters: Parameters

    @property
    def branch(self) -> str:
        """The branch, or an empty string."""
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> str:
        """Host and port as they were written."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport.upper()} {self.sent_by}{write_parameters(self.parameters)}"


def parse_via(value: str) -> Via:
    """Parse one Via element.

    Raises:
        SipError: it is malformed, or not of SIP 2.0.
    """
    head, _, tail = value.partition(";branch=")
    branch, _, rest = tail.partition(";")
    plain = branch.isalnum() or branch.replace("-", "").replace(".", "").isalnum()
    if not plain or len(head) > LONGEST_KEPT:
        return _parse_unusual(value)
    parameters: dict[str, str | None] = {"branch": branch}
    if rest == "rport":
        parameters["rport"] = None
    elif rest:
        parameters = {**parameters, **parse_parameters(f";{rest}")}
    transport, host, port, others = _parse_hop(head)
    if others:
        parameters = {**others, **parameters}
    if len(parameters) != value.count(";"):  # one is there twice, one is empty, or a quoted one has a semicolon
        return _parse_unusual(value)
    return tuple.__new__(Via, (transport, host, port, parameters))  # half the time of calling the class


def _parse_unusual(value: str) -> Via:
    match = _VIA.fullmatch(value)
    if match is None:
        raise SipError(f"Via is malformed: {value[:80]!r}")
    transport, host, digits, tail = match.groups()
    port = None if digits is None else parse_port(digits)
    return Via(transport.lower(), host, port, parse_parameters(tail))


_parse_hop: Final = lru_cache(maxsize=4096)(_parse_unusual)
"""Of a phone's Vias only the branch is new each time."""
