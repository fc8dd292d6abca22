from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest_asyncio

from softswitch.net.concerned import LegOf, nobodys
from softswitch.net.limits import StreamLimits
from softswitch.net.paced_readers import PacedReaders
from softswitch.net.tls import TlsContexts
from softswitch.net.transports import Transports
from softswitch.sip.flow import Flow

HOST = "127.0.51.1"
PHONE = "127.0.51.2"


@dataclass
class Heard:
    """What transports told their owner."""

    messages: list[tuple[bytes, Flow]] = field(default_factory=list)
    closed: list[Flow] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, data: bytes, flow: Flow) -> None:
        self.messages.append((data, flow))

    def on_closed(self, flow: Flow) -> None:
        self.closed.append(flow)

    def end_turn(self) -> None:
        self.turns.append(len(self.messages))
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


def bound_udp(host: str = HOST) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made


def listening_tcp(host: str = HOST) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind((host, 0))
    made.listen()
    return made


class TcpPhone:
    """The other end of a connection, as a plain socket."""

    def __init__(self, made: socket.socket) -> None:
        made.setblocking(False)
        self.socket = made
        self._loop = asyncio.get_running_loop()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self.socket, data)

    async def receive(self, octets: int) -> bytes:
        """Return that many octets, or fewer when the connection ends."""
        got = b""
        async with asyncio.timeout(5):
            while len(got) < octets and (more := await self._loop.sock_recv(self.socket, octets - len(got))):
                got += more
        return got

    def close(self) -> None:
        self.socket.close()


class Peers:
    """Makes the other ends of connections, and closes them all."""

    def __init__(self) -> None:
        self._made: list[socket.socket] = []

    async def connect(self, address: tuple[str, int]) -> TcpPhone:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._made.append(made)
        made.setblocking(False)
        made.bind((PHONE, 0))
        await asyncio.get_running_loop().sock_connect(made, address)
        return TcpPhone(made)

    async def accept(self, listener: socket.socket) -> TcpPhone:
        listener.setblocking(False)
        async with asyncio.timeout(5):
            made, _ = await asyncio.get_running_loop().sock_accept(listener)
        self._made.append(made)
        return TcpPhone(made)

    def listener(self) -> socket.socket:
        made = listening_tcp(PHONE)
        self._made.append(made)
        return made

    def close(self) -> None:
        for each in self._made:
            each.close()


@pytest_asyncio.fixture
async def peers() -> AsyncIterator[Peers]:
    made = Peers()
    yield made
    made.close()


@pytest_asyncio.fixture
async def heard() -> Heard:
    return Heard()


Make = Callable[..., Awaitable[Transports]]


@pytest_asyncio.fixture
async def make(heard: Heard) -> AsyncIterator[Make]:
    made: list[tuple[Transports, PacedReaders]] = []

    async def build(
        *sockets: socket.socket,
        limits: StreamLimits | None = None,
        tls: TlsContexts | None = None,
        transport: str = "tcp",
        leg_of: LegOf = nobodys,
    ) -> Transports:
        loop = asyncio.get_running_loop()
        readers = PacedReaders(loop, heard.end_turn)
        transports = Transports(loop, readers, heard.on_message, heard.on_closed, heard.end_turn, limits, tls, leg_of)
        made.append((transports, readers))
        for each in sockets:
            if each.type == socket.SOCK_DGRAM:
                transports.add_udp(each)
            else:
                await transports.add_listener(each, transport)
        return transports

    yield build
    for transports, readers in made:
        await transports.close()
        readers.close()
    # Let asyncio finish closing its transports before the loop goes.
    for _ in range(3):
        await asyncio.sleep(0)
