"""Via (RFC 3261 §20.42, RFC 3581)."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.errors import SipError
from softswitch.sip.headers.values import Parameters, parse_number, parse_parameters, write_parameters


@dataclass(frozen=True, slots=True)
class Via:
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
    head, _, tail = value.partition(";")
    protocol, _, rest = head.strip().partition(" ")
    sent_by = rest.strip()
    if protocol.count("/") != 2:  # blanks may stand around the slashes (RFC 3261 §25.1)
        before, slash, after = head.rpartition("/")
        transport, _, sent_by = after.strip().partition(" ")
        protocol = f"{before.replace(' ', '').replace(chr(9), '')}/{transport}" if slash else head
        sent_by = sent_by.strip()
    name, version, transport = (protocol.split("/") + ["", "", ""])[:3]
    if name.upper() != "SIP" or version != "2.0" or not transport or not sent_by:
        raise SipError(f"Via is malformed: {value[:80]!r}")
    host, port = parse_host_port(sent_by)
    return Via(transport.lower(), host, port, parse_parameters(tail))


def parse_host_port(text: str) -> tuple[str, int | None]:
    """Parse ``host[:port]``; an IPv6 host stands in brackets and keeps them.

    Raises:
        SipError: host or port is malformed.
    """
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        host += bracket
        if not bracket or (rest.strip() and not rest.lstrip().startswith(":")):
            raise SipError(f"{text[:80]!r} is not a host")
        port = rest.strip()[1:]
    else:
        host, _, port = text.partition(":")
        host = host.strip()
    if not host or " " in host:
        raise SipError(f"{text[:80]!r} is not a host")
    return host, parse_number(port, "port", most=65535) if port.strip() else None
