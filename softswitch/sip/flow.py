"""The way a message came, by which its answer leaves."""

from __future__ import annotations

from typing import NamedTuple


class Flow(NamedTuple):
    """A transport, our end of it and the peer's.

    A named tuple because it is made for each datagram and used as a key.
    """

    transport: str
    """``udp``, ``tcp``, ``tls``, ``ws`` or ``wss``."""
    local: tuple[str, int]
    """The address and port of our socket."""
    remote: tuple[str, int]
    """The peer's address and port as its packets show them, whatever its headers say."""
    connection: int = 0
    """The number of a stream's connection; 0 for datagrams and for a connection yet to be opened."""

    @property
    def reliable(self) -> bool:
        """Whether the transport itself retransmits (RFC 3261 §17)."""
        return self.transport != "udp"
