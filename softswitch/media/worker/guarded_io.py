"""Between the rows and the network: packets of encrypted legs are opened before, and sealed after, all else.

So nothing else in the worker knows of encryption. Encrypted legs cost some microseconds a packet, each by itself; the
others go in one submission as ever, and where no leg is encrypted the check for it is all that is added.
"""

from __future__ import annotations

import socket

import numpy as np

from softswitch.media.worker.guard import Guard
from softswitch.media.worker.io_backend import IoBackend, Received
from softswitch.media.worker.rows import Indices, Lengths, Rows
from softswitch.rtp.packet import looks_like_rtcp


class GuardedBackend:
    """Implements :class:`softswitch.media.worker.io_backend.IoBackend` over another one.

    Args:
        state: the rows whose octets are received into and sent from.
        inner: carries the packets as they are on the wire.
    """

    def __init__(self, state: Rows, inner: IoBackend) -> None:
        self.name = inner.name
        self._state = state
        self._inner = inner
        self._guards: dict[int, Guard] = {}
        self._guarded = np.zeros(state.capacity + 1, np.bool_)
        """The last one stands for nobody."""
        self._sockets: dict[int, socket.socket] = {}

    def guard(self, row: int, guard: Guard | None) -> None:
        """Say how a row's packets are encrypted; None for not at all."""
        self._guarded[row] = guard is not None
        if guard is None:
            self._guards.pop(row, None)
        else:
            self._guards[row] = guard

    def attach(self, row: int, sock: socket.socket) -> None:
        """Let the row's packets come and go by this connected, non-blocking socket."""
        self._sockets[row] = sock
        self._inner.attach(row, sock)

    def detach(self, row: int) -> None:
        """Forget the row's socket, where it has one: to tell the system costs more than all else of a leg's closing."""
        if self._sockets.pop(row, None) is not None:
            self._inner.detach(row)

    def receive(self, rows: Indices) -> Received:
        """Receive at most one packet for each of these rows; what is not its phone's counts as missed."""
        received = self._inner.receive(rows)
        if not self._guards:
            return received
        places = np.flatnonzero(self._guarded[received.rows])
        if not places.size:
            return received
        lengths = received.lengths.copy()
        for place in places.tolist():
            lengths[place] = self._open(int(received.rows[place]), int(lengths[place]))
        kept = lengths > 0
        if kept.all():
            return received._replace(lengths=lengths)
        refused = received.rows[~kept]
        self._state.refused[refused] += 1
        return Received(received.rows[kept], lengths[kept], np.concatenate((received.missed, refused)))

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        """Send the packets that lie in the sources' rows to the listeners' phones."""
        if not self._guards:
            return self._inner.send(listeners, sources, lengths)
        guarded = self._guarded[listeners]
        if not guarded.any():
            return self._inner.send(listeners, sources, lengths)
        places = zip(listeners[guarded].tolist(), sources[guarded].tolist(), lengths[guarded].tolist(), strict=True)
        failed = np.array([row for row, source, length in places if not self._send_one(row, source, length)], np.intp)
        plain = ~guarded
        if not plain.any():
            return failed
        return np.concatenate((self._inner.send(listeners[plain], sources[plain], lengths[plain]), failed))

    def broken(self) -> list[int]:
        """Return, once, the rows whose descriptor the system does not know."""
        return self._inner.broken()

    def close(self) -> None:
        """Give back what the system holds for the backend, but no socket."""
        self._inner.close()

    def _open(self, row: int, length: int) -> int:
        """Decrypt the packet that lies in a row; return its new length, 0 where it is not the phone's."""
        octets, guard = self._state.octets[row], self._guards[row]
        packet = octets[:length].tobytes()
        opened = guard.open_report(packet) if looks_like_rtcp(packet) else guard.open(packet)
        if not opened:
            return 0
        octets[: len(opened)] = np.frombuffer(opened, np.uint8)
        return len(opened)

    def _send_one(self, listener: int, source: int, length: int) -> bool:
        sealed = self._guards[listener].seal(self._state.octets[source, :length].tobytes())
        sock = self._sockets.get(listener)
        if sealed is None or sock is None:
            return False
        try:
            sock.send(sealed)
        except OSError:
            return False
        return True
