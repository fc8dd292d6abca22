"""Addresses and port ranges as they are written in ``softswitch.toml``."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")
ENCRYPTED: Final = frozenset({"tls", "wss"})
"""Transports that need a certificate."""
_HOST_PORT: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT: Final = 65535


class AddressError(ValueError):
    """A text that is no address of the wanted kind.

    Attributes:
        what: what is wrong with it.
        cure: what to write instead.
    """

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure


class HostPort(NamedTuple):
    """An IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Listen(NamedTuple):
    """One line of ``sip.listen``: a transport, the IP address of a socket (perhaps a wildcard), its port."""

    transport: str
    host: str
    port: int

    @property
    def wildcard(self) -> bool:
        """Whether all local addresses of the family are meant."""
        return ipaddress.ip_address(self.host).is_unspecified

    def __str__(self) -> str:
        return f"{self.transport}:{HostPort(self.host, self.port)}"


class PortRange(NamedTuple):
    """UDP ports from ``low`` to ``high``, both included; the even ones carry RTP, the odd ones RTCP."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


def parse_host_port(text: str) -> HostPort:
    """Read ``HOST:PORT`` or ``[V6]:PORT``.

    Raises:
        AddressError: it is neither, or the host is a name.
    """
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        raise AddressError(f"'{text}' is not HOST:PORT", "127.0.0.1:8080, or [::1]:8080")
    host = match["v6"] or match["host"]
    port = int(match["port"])
    if not 0 < port <= _HIGHEST_PORT:
        raise AddressError(f"port {port} in '{text}' does not exist", "a port from 1 to 65535")
    try:
        return HostPort(str(ipaddress.ip_address(host)), port)
    except ValueError:
        raise AddressError(
            f"'{host}' in '{text}' is not an IP address", "an address of this machine, or 0.0.0.0 for all of them"
        ) from None


def parse_listen(text: str) -> Listen:
    """Read ``TRANSPORT:HOST:PORT``.

    Raises:
        AddressError: the transport is unknown, or the rest is no address.
    """
    transport, _, rest = text.partition(":")
    transport = transport.lower()
    if transport not in TRANSPORTS:
        what = f"'{text}' does not begin with udp:, tcp:, tls:, ws: or wss:"
        raise AddressError(what, "udp:0.0.0.0:5060, or udp:[::]:5060")
    return Listen(transport, *parse_host_port(rest))


def parse_port_range(text: str) -> PortRange:
    """Read ``LOW-HIGH``.

    Raises:
        AddressError: it is no range, or has no even port with an odd one above it.
    """
    match = re.fullmatch(r"([0-9]{1,5})\s*-\s*([0-9]{1,5})", text)
    if match is None:
        raise AddressError(f"'{text}' is not LOW-HIGH", "16384-32767")
    low, high = int(match[1]), int(match[2])
    if low < 1024 or high > _HIGHEST_PORT:
        raise AddressError(f"'{text}' leaves the range 1024-65535", "16384-32767")
    if high < low + low % 2 + 1:
        raise AddressError(f"'{text}' holds no even port with an odd one above it", "16384-32767")
    return PortRange(low, high)
