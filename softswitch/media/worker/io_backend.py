"""How packets of many legs are received and sent at once; one implementation a file."""

from __future__ import annotations

import socket
from typing import NamedTuple, Protocol

from softswitch.media.worker.rows import Indices, Lengths


class Received(NamedTuple):
    """What a sweep found."""

    rows: Indices
    """The rows that got a packet, at most one each, in the order of the sweep."""
    lengths: Lengths
    """Octets of each; one that is as long as the room for it was cut."""
    missed: Indices
    """The rows that got none."""


class IoBackend(Protocol):
    """Receives into the rows' octets and sends from them; row i belongs to leg i.

    A row is detached before its socket is closed, always: a number that the system gives to another socket
    would else let one conversation hear another.
    """

    name: str

    def attach(self, row: int, sock: socket.socket) -> None:
        """Let the row's packets come and go by this connected, non-blocking socket."""
        ...

    def detach(self, row: int) -> None:
        """Forget the row's socket; a row without one is fine."""
        ...

    def receive(self, rows: Indices) -> Received:
        """Receive at most one packet for each of these rows."""
        ...

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        """Send the packets that lie in the sources' rows to the listeners' phones.

        Returns:
            The listeners to whom nothing could be sent (an unreachable port, a full buffer).
        """
        ...

    def broken(self) -> list[int]:
        """Return, once, the rows whose descriptor the system does not know: a defect, never expected."""
        ...

    def close(self) -> None:
        """Give back what the system holds for the backend, but no socket."""
        ...
