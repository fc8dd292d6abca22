"""SIP and SIPS URIs (RFC 3261 §19.1) and other schemes that are carried as they are."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote as percent_decode

from softswitch.core.errors import SipError
from softswitch.sip.grammar import (
    HOST,
    LONGEST_KEPT,
    NO_PARAMETERS,
    Parameters,
    parse_parameters,
    parse_port,
)

_REST: Final = (
    rf"({HOST})(?::([0-9]{{1,5}}))?"
    r'(;[^?\x00- <>"\x7f]*+)?'
    r'(?:\?([^\x00- <>"\x7f]*+))?'
)
_SIP_URI: Final = re.compile(r'(sips?):(?:([^@\x00- <>"\x7f]++)@)?' + _REST)
_ODD_SIP_URI: Final = re.compile(  # any case of the scheme; of several @ the last one ends the user
    r'([Ss][Ii][Pp][Ss]?):(?:([^\x00- <>"\x7f]*)@)?' + _REST
)
_ABSOLUTE_URI: Final = re.compile(r'([A-Za-z][A-Za-z0-9+.\-]*+):([^\x00- <>"\x7f]++)')
_NOT_IN_USER: Final = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/]")
_NOT_IN_PARAMETER: Final = re.compile(r"[^A-Za-z0-9\-_.!~*'()\[\]/:&+$]")


class Uri(NamedTuple):
    """A parsed URI; its text form is ``str(uri)``."""

    scheme: str
    """In lower case: ``sip``, ``sips``, ``tel`` ..."""
    user: str = ""
    """With its escapes undone, without a password; empty where there is none."""
    host: str = ""
    """In lower case; an IPv6 reference keeps its brackets. For other schemes than sip and sips, all after the colon."""
    port: int | None = None
    parameters: Parameters = NO_PARAMETERS
    """With their escapes undone."""
    text: str = ""
    """As it stood on the wire, where it was parsed from there; then it is what ``str`` gives."""
    headers: str = ""
    """What follows the question mark, as it stood there."""

    def __str__(self) -> str:
        if self.text:
            return self.text
        if self.scheme not in {"sip", "sips"}:
            return f"{self.scheme}:{self.host}"
        user = f"{_escape(self.user, _NOT_IN_USER)}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{self.host}{port}{_write_parameters(self.parameters)}{headers}"

    @property
    def transport(self) -> str:
        """The transport parameter in lower case; ``udp`` where it is not given."""
        return (self.parameters.get("transport") or "udp").lower()

    def with_parameter(self, name: str, value: str | None) -> Uri:
        """Return the URI with one parameter set."""
        return self._replace(parameters={**self.parameters, name: value}, text="")


def parse_uri(text: str) -> Uri:
    """Parse a URI; the same text mostly gives the same object.

    Raises:
        SipError: it is malformed (416 is for the caller: an unknown scheme parses).
    """
    return _parse(text) if len(text) <= LONGEST_KEPT else _parse.__wrapped__(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Uri:
    match = _SIP_URI.fullmatch(text) or _ODD_SIP_URI.fullmatch(text)
    if match is None:
        return _parse_other(text)
    scheme, user, host, digits, tail, headers = match.groups()
    if user is None:
        user = ""
    else:
        user = user.partition(":")[0]
        if not user:
            raise SipError(f"the URI's user is empty: {text[:80]!r}")
        if "%" in user:
            user = percent_decode(user)
    port = None if digits is None else parse_port(digits)
    parameters = NO_PARAMETERS if tail is None else _parse_parameters(tail)
    return Uri(scheme.lower(), user, host.lower(), port, parameters, text, headers or "")


def _parse_other(text: str) -> Uri:
    match = _ABSOLUTE_URI.fullmatch(text)
    if match is None or match[1].lower() in {"sip", "sips"}:
        raise SipError(f"not a URI: {text[:80]!r}")
    return Uri(match[1].lower(), host=match[2], text=text)


def _parse_parameters(tail: str) -> Parameters:
    """Parse the parameters with their escapes undone, once (RFC 3261 §19.1.4); a lone last semicolon is forgiven."""
    tail = tail.removesuffix(";")
    if "%" not in tail:
        return parse_parameters(tail)
    found: dict[str, str | None] = {}
    for name, value in parse_parameters(tail).items():
        found[percent_decode(name).lower()] = None if value is None else percent_decode(value)
    return found


def _write_parameters(parameters: Parameters) -> str:
    pairs = ((_escape(n, _NOT_IN_PARAMETER), v) for n, v in parameters.items())
    return "".join([f";{n}" if v is None else f";{n}={_escape(v, _NOT_IN_PARAMETER)}" for n, v in pairs])


def _escape(text: str, forbidden: re.Pattern[str]) -> str:
    return forbidden.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), text)
