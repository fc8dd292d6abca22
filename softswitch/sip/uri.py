"""SIP and SIPS URIs (RFC 3261 §19.1) and other schemes that are carried as they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import unquote as percent_decode

from softswitch.core.errors import SipError
from softswitch.sip.headers.values import Parameters, parse_parameters, write_parameters
from softswitch.sip.headers.via import parse_host_port


@dataclass(frozen=True, slots=True)
class Uri:
    """A parsed URI; its text form is ``str(uri)``."""

    scheme: str
    """In lower case: ``sip``, ``sips``, ``tel`` ..."""
    user: str = ""
    """With its escapes undone; empty where there is none."""
    host: str = ""
    """In lower case; an IPv6 reference keeps its brackets. For other schemes than sip and sips, all after the colon."""
    port: int | None = None
    parameters: Parameters = field(default_factory=dict)
    text: str = ""
    """As it stood on the wire, where it was parsed from there; then it is what ``str`` gives."""

    def __str__(self) -> str:
        if self.text:
            return self.text
        if self.scheme not in {"sip", "sips"}:
            return f"{self.scheme}:{self.host}"
        user = f"{_escape_user(self.user)}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}:{user}{self.host}{port}{write_parameters(self.parameters)}"

    @property
    def transport(self) -> str:
        """The transport parameter in lower case; ``udp`` where it is not given."""
        return (self.parameters.get("transport") or "udp").lower()

    def with_parameter(self, name: str, value: str | None) -> Uri:
        """Return the URI with one parameter set."""
        return replace(self, parameters={**self.parameters, name: value}, text="")


@lru_cache(maxsize=4096)
def parse_uri(text: str) -> Uri:
    """Parse a URI; the same text gives the same object, so nobody may change its parameters.

    Raises:
        SipError: it is malformed (416 is for the caller: an unknown scheme parses).
    """
    stripped = text.strip()
    scheme, colon, rest = stripped.partition(":")
    scheme = scheme.lower()
    if not colon or not scheme or not rest or any(c in stripped for c in ' \t<>"\r\n'):
        raise SipError(f"not a URI: {text[:80]!r}")
    if scheme not in {"sip", "sips"}:
        return Uri(scheme, host=rest, text=stripped)
    before, at, after = rest.rpartition("@")
    user = before.partition(":")[0] if at else ""
    hostport, _, tail = after.partition("?")[0].partition(";")
    if at and not user:
        raise SipError(f"the URI's user is empty: {text[:80]!r}")
    host, port = parse_host_port(hostport)
    return Uri(scheme, percent_decode(user), host.lower(), port, parse_parameters(tail), stripped)


_USER_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/")


def _escape_user(user: str) -> str:
    return "".join(c if c in _USER_PLAIN else "".join(f"%{octet:02X}" for octet in c.encode()) for c in user)
