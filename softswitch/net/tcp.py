"""SIP over connections (TCP, TLS, WebSocket): those that phones opened, those that we open, and which a message takes.

Numbers tell the two kinds apart, also across a restart: accepted connections are odd, opened ones even. A message for a
dead connection that we had opened opens another; one for a dead connection of a phone fails, because nobody listens
on the port that the phone had dialled from. Nobody is dialled by WebSocket.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.net.concerned import LegOf, nobodys
from softswitch.net.connection import Connection
from softswitch.net.limits import StreamLimits
from softswitch.net.tls import TlsContexts, TlsPeer
from softswitch.runtime.addresses import ENCRYPTED
from softswitch.runtime.log import about, get_logger
from softswitch.runtime.tasks import TaskSupervisor
from softswitch.sip.flow import Flow

_LOG = get_logger("net.stream")


@dataclass(slots=True)
class _Opening:
    """A connection on its way, with what shall be sent on it."""

    waiting: list[bytes] = field(default_factory=list)
    flows: set[Flow] = field(default_factory=set)


class StreamTransport:
    """All connections of one transport.

    Args:
        name: ``tcp``, ``tls``, ``ws`` or ``wss``.
        loop: where they run.
        on_message: takes each message with its flow.
        on_closed: told of a flow whose connection is over, or could not be opened.
        end_turn: called once after the messages of a read.
        limits: what peers may take.
        tls: the contexts of the transports that are encrypted.
        leg_of: finds the leg that a message belongs to, for the log.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        *,
        on_message: Callable[[bytes, Flow], None],
        on_closed: Callable[[Flow], None],
        end_turn: Callable[[], None],
        limits: StreamLimits | None = None,
        tls: TlsContexts | None = None,
        leg_of: LegOf = nobodys,
    ) -> None:
        self._name = name
        self._loop = loop
        self._on_message = on_message
        self._on_closed = on_closed
        self._end_turn = end_turn
        self._leg_of = leg_of
        self._limits = limits if limits is not None else StreamLimits()
        self._tls = tls if name in ENCRYPTED else None
        self._kind = Connection
        if name in {"ws", "wss"}:
            from softswitch.net.websocket import WebSocketConnection  # its library is loaded only where it is served

            self._kind = WebSocketConnection
        self._peers: dict[tuple[str, int], TlsPeer] = {}
        self._tasks = TaskSupervisor(name)
        self._servers: list[asyncio.Server] = []
        self._odd = itertools.count(1, 2)
        self._even = itertools.count(2, 2)
        self._by_number: dict[int, Connection] = {}
        self._by_remote: dict[tuple[str, int], Connection] = {}
        self._openings: dict[tuple[str, int], _Opening] = {}
        self._closed = False
        self._sweep_handle = loop.call_later(self._limits.sweep_s, self._sweep)

    def __len__(self) -> int:
        return len(self._by_number)

    async def listen(self, listener: socket.socket) -> None:
        """Accept connections on a socket that listens already; this object owns it from now on."""
        tls = self._tls
        server = await self._loop.create_server(
            lambda: self._new(next(self._odd)),
            sock=listener,
            ssl=None if tls is None else tls.server,
            ssl_handshake_timeout=None if tls is None else self._limits.handshake_s,
        )
        self._servers.append(server)

    def know_peer(self, remote: tuple[str, int], peer: TlsPeer) -> None:
        """Note what the certificate of a peer that may be dialled must say."""
        self._peers[remote] = peer

    def send(self, data: bytes, flow: Flow) -> None:
        """Send on the flow's connection, else on one to the same peer, else open one; never blocks, never raises."""
        connection = self._connection_for(flow)
        if connection is not None:
            connection.send(data)
        elif flow.connection % 2 or not self._may_dial:
            self._loop.call_soon(self._failed, flow)
        else:
            self._open(data, flow)

    @property
    def _may_dial(self) -> bool:
        return self._kind is Connection and (self._tls is not None or self._name not in ENCRYPTED)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self._closed = True
        self._sweep_handle.cancel()
        for server in self._servers:
            server.close()
        await self._tasks.close()
        for connection in list(self._by_number.values()):
            connection.abort()

    def _connection_for(self, flow: Flow) -> Connection | None:
        # After a restart a number may stand for another peer's connection, so the peer is compared too.
        connection = self._by_number.get(flow.connection)
        if connection is not None and connection.flow.remote == flow.remote:
            return connection
        return self._by_remote.get(flow.remote)

    def _new(self, number: int) -> Connection:
        return self._kind(self, number, self._limits, now=self._loop.time(), name=self._name)

    def _open(self, data: bytes, flow: Flow) -> None:
        opening = self._openings.get(flow.remote)
        if opening is None:
            opening = self._openings[flow.remote] = _Opening()
            self._tasks.start(f"connect {flow.remote}", self._connect(flow.local[0], flow.remote))
        opening.waiting.append(data)
        opening.flows.add(flow)

    async def _connect(self, local_host: str, remote: tuple[str, int]) -> None:
        """Open a connection from the very address that the peer knows us by, and send what waits for it."""
        number = next(self._even)
        context, name = self._towards(remote)
        try:
            async with asyncio.timeout(self._limits.connect_s):
                _, connection = await self._loop.create_connection(
                    lambda: self._new(number), *remote, local_addr=(local_host, 0), ssl=context, server_hostname=name
                )
        except (OSError, TimeoutError) as error:
            reason = str(error) or "no answer"
            opening = self._openings.pop(remote)
            for leg in dict.fromkeys(map(self._leg_of, opening.waiting)):  # a line for each whom it concerns
                with about("", leg):
                    _LOG.info("stream.connect_failed", transport=self._name, remote=remote, error=reason)
            for flow in opening.flows:
                self._on_closed(flow)
            self._end_turn()
            return
        for data in self._openings.pop(remote).waiting:
            connection.send(data)

    def _towards(self, remote: tuple[str, int]) -> tuple[ssl.SSLContext | None, str | None]:
        """Return context and name for dialling; a peer that nobody has told of must prove its bare address."""
        if self._tls is None:
            return None, None
        peer = self._peers.get(remote) or TlsPeer(remote[0])
        return self._tls.towards(peer), peer.name

    def _failed(self, flow: Flow) -> None:
        self._on_closed(flow)
        self._end_turn()

    def connection_made(self, connection: Connection) -> None:
        """A connection is open (:class:`~softswitch.net.connection.ConnectionOwner`)."""
        if len(self._by_number) >= self._limits.most_connections:
            _LOG.warning("stream.too_many", transport=self._name, remote=connection.flow.remote)
            connection.abort()
            return
        self._by_number[connection.number] = connection
        self._by_remote[connection.flow.remote] = connection

    def messages_received(self, connection: Connection, messages: list[bytes]) -> None:
        """Messages came on a connection (:class:`~softswitch.net.connection.ConnectionOwner`)."""
        try:
            for message in messages:
                self._on_message(message, connection.flow)
        finally:
            self._end_turn()

    def connection_lost(self, connection: Connection) -> None:
        """A connection is over (:class:`~softswitch.net.connection.ConnectionOwner`)."""
        if self._by_number.pop(connection.number, None) is None:
            return
        if self._by_remote.get(connection.flow.remote) is connection:
            del self._by_remote[connection.flow.remote]
        if not self._closed:
            self._failed(connection.flow)

    def _sweep(self) -> None:
        """Close what came to nothing: connections without a message, and silent ones."""
        self._sweep_handle = self._loop.call_later(self._limits.sweep_s, self._sweep)
        now = self._loop.time()
        for connection in list(self._by_number.values()):
            fruitless = not connection.has_brought_message and connection.number % 2 == 1
            if fruitless and now - connection.made_at_s > self._limits.first_message_s:
                connection.abort()
            elif now - connection.heard_at_s > self._limits.idle_s:
                connection.close()
