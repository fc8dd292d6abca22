"""One connection that carries SIP messages as a stream: TCP, plain or with TLS (RFC 3261 §18.3)."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol, cast

from softswitch.core.errors import SipError
from softswitch.net.limits import StreamLimits
from softswitch.runtime.log import get_logger
from softswitch.sip.flow import Flow
from softswitch.sip.framing import Ping, Pong, StreamFramer

_LOG = get_logger("net.tcp")
_PONG = b"\r\n"


class ConnectionOwner(Protocol):
    """Who is told what happens on a connection."""

    def connection_made(self, connection: Connection) -> None:
        """The connection is open."""
        ...

    def messages_received(self, connection: Connection, messages: list[bytes]) -> None:
        """Whole messages came; called once for each read."""
        ...

    def connection_lost(self, connection: Connection) -> None:
        """The connection is over, whoever ended it."""
        ...


class Connection(asyncio.Protocol):
    """The protocol object that asyncio drives.

    Args:
        owner: told of messages and of the end.
        number: the connection's number in its flow.
        limits: what the peer may take.
        now: monotonic seconds of its making.
        name: of the transport, as flows have it.
    """

    def __init__(
        self, owner: ConnectionOwner, number: int, limits: StreamLimits, *, now: float, name: str = "tcp"
    ) -> None:
        self._owner = owner
        self._limits = limits
        self._framer = StreamFramer(limits.most_octets)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.number = number
        self.flow = Flow(name, ("", 0), ("", 0), number)
        self.made_at_s = now
        self.heard_at_s = now
        self.has_brought_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the connection is open."""
        stream = cast(asyncio.Transport, transport)
        self._transport = stream
        stream.set_write_buffer_limits(high=self._limits.most_unsent_octets)
        local, remote = stream.get_extra_info("sockname"), stream.get_extra_info("peername")
        if not local or not remote:
            # The peer was gone before we looked; connection_lost follows.
            stream.abort()
            return
        keep_alive(stream.get_extra_info("socket"))
        self.flow = self.flow._replace(local=tuple(local[:2]), remote=tuple(remote[:2]))
        self._owner.connection_made(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio: octets came."""
        self.heard_at_s = self._loop.time()
        try:
            items = self._framer.feed(data)
        except SipError:
            items = []
        messages: list[bytes] = []
        for item in items:
            if isinstance(item, Ping):
                self.send(_PONG)
            elif not isinstance(item, Pong):
                messages.append(item)
        if messages:
            self.has_brought_message = True
            self._owner.messages_received(self, messages)
        if self._framer.fault is not None:
            # Where the next message begins cannot be known any more.
            _LOG.info("tcp.framing_lost", remote=self.flow.remote, error=str(self._framer.fault))
            self.close()

    def pause_writing(self) -> None:
        """Asyncio: more waits for the peer than the limit allows."""
        _LOG.info("tcp.peer_does_not_read", remote=self.flow.remote)
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the connection is over."""
        del exc
        self._owner.connection_lost(self)

    def send(self, data: bytes) -> None:
        """Hand octets to the connection; what it cannot carry any more is dropped, and its end is told."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """End the connection after what waits has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()


def keep_alive(of: socket.socket) -> None:
    """Let the kernel find out that a peer is gone: after a minute of silence, four questions 15 s apart."""
    of.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    of.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    of.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
    of.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    of.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
