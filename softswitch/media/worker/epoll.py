"""One system call a packet, where ``io_submit`` is missing or forbidden."""

from __future__ import annotations

import select
import socket

import numpy as np

from softswitch.media.worker.io_backend import Received
from softswitch.media.worker.rows import PACKET_OCTETS, Indices, Lengths, Rows


class EpollBackend:
    """Implements :class:`softswitch.media.worker.io_backend.IoBackend` with epoll, ``recv_into`` and ``send``.

    Args:
        rows: whose octets are received into and sent from.
    """

    name = "epoll"

    def __init__(self, rows: Rows) -> None:
        self._epoll = select.epoll()
        self._views = [octets.data[:PACKET_OCTETS] for octets in rows.octets]
        self._sockets: dict[int, socket.socket] = {}
        self._row_by_descriptor: dict[int, int] = {}
        self._broken: list[int] = []

    def attach(self, row: int, sock: socket.socket) -> None:
        """Let the row's packets come and go by this connected, non-blocking socket."""
        self.detach(row)
        self._sockets[row] = sock
        self._row_by_descriptor[sock.fileno()] = row
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def detach(self, row: int) -> None:
        """Forget the row's socket."""
        sock = self._sockets.pop(row, None)
        if sock is not None:
            del self._row_by_descriptor[sock.fileno()]
            self._epoll.unregister(sock.fileno())

    def receive(self, rows: Indices) -> Received:
        """Receive at most one packet for each of these rows."""
        ready = self._epoll.poll(0, max(1, len(self._sockets)))
        waiting = {self._row_by_descriptor[descriptor] for descriptor, _ in ready}
        found: list[int] = []
        lengths: list[int] = []
        missed: list[int] = []
        for row in rows.tolist():
            length = self._receive_one(row) if row in waiting else 0
            if length > 0:
                found.append(row)
                lengths.append(length)
            else:
                missed.append(row)
        return Received(np.array(found, np.intp), np.array(lengths, np.int64), np.array(missed, np.intp))

    def send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> Indices:
        """Send the packets that lie in the sources' rows to the listeners' phones."""
        failed = [
            listener
            for listener, source, length in zip(listeners.tolist(), sources.tolist(), lengths.tolist(), strict=True)
            if not self._send_one(listener, source, length)
        ]
        return np.array(failed, np.intp)

    def broken(self) -> list[int]:
        """Return, once, the rows whose descriptor the system does not know."""
        broken, self._broken = self._broken, []
        return broken

    def close(self) -> None:
        """Close the epoll descriptor."""
        self._epoll.close()

    def _receive_one(self, row: int) -> int:
        try:
            return self._sockets[row].recv_into(self._views[row])
        except OSError:
            return 0  # nothing there, or an ICMP error that this call took away

    def _send_one(self, listener: int, source: int, length: int) -> bool:
        sock = self._sockets.get(listener)
        if sock is None:
            self._broken.append(listener)
            return False
        try:
            sock.send(self._views[source][:length])
        except OSError:
            return False
        return True
