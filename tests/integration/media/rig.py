"""A media plane with real sockets, driven by hand: no process, no timer."""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from softswitch.core.ids import Entropy
from softswitch.media.engine import (
    Format,
    Hear,
    LegClosed,
    LegLatched,
    LegOpened,
    LegRefused,
    MediaEvent,
    OpenLeg,
    Srtp,
    Stream,
)
from softswitch.media.loops.found import find_loops
from softswitch.media.worker.backends import choose_backend
from softswitch.media.worker.latching import Endpoint
from softswitch.media.worker.loop import SocketPoller
from softswitch.media.worker.plane import MediaPlane
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.ports_ahead import PortsAhead
from softswitch.media.worker.rows import TICK_US, Rows
from softswitch.media.worker.taps import Recorders
from tests.waiting import PATIENCE_S

EventT = TypeVar("EventT", bound=MediaEvent)

PCMU = Format("PCMU", 8000, 1, 0, 0)
EVENT = Format("telephone-event", 8000, 1, 101, 101)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1.8e9 + self.now


class Phone:
    """A UDP socket that sends one stream of RTP."""

    def __init__(self, address: str, port: int = 0, *, ssrc: int = 1, payload: bytes = b"phone") -> None:
        self.sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind((address, port))
        self.at: Endpoint = self.sock.getsockname()[:2]
        self.payload = payload
        self._ssrc = ssrc
        self._sequence = 0

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.sock.close()

    def send(self, to: Endpoint, payload: bytes = b"", *, payload_type: int = 0) -> None:
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, payload_type, self._sequence, 160 * self._sequence, self._ssrc)
        self.sock.sendto(header + (payload or self.payload), to)

    def packets(self) -> list[bytes]:
        """Return what came since the last call."""
        got = []
        try:
            while True:
                got.append(self.sock.recv(4096))
        except BlockingIOError:
            return got

    def payloads(self) -> list[bytes]:
        """Return the payloads that came since the last call."""
        return [packet[12:] for packet in self.packets()]


def speak(to: Endpoint, *phones: Phone) -> None:
    """Let phones send one packet each."""
    for phone in phones:
        phone.send(to)


class Wire:
    """The loopback of this machine, and when what was put into it has come out.

    Packets to loopback wait in a queue of the processor that sends them, which a busy machine empties later. So this
    process stays on one processor, and a packet of its own tells that those before it have arrived.
    """

    def open(self) -> None:
        """Begin."""
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.connect(self._sock.getsockname())
        self._sock.settimeout(PATIENCE_S)
        self._allowed = os.sched_getaffinity(0)
        beside = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        os.sched_setaffinity(0, {sorted(self._allowed)[beside % len(self._allowed)]})

    def settle(self) -> None:
        """Wait until everything that this process has sent has arrived."""
        self._sock.send(b"x")
        self._sock.recv(1)

    def close(self) -> None:
        """End."""
        os.sched_setaffinity(0, self._allowed)
        self._sock.close()


class PlaneRig:
    """A plane with a backend of the wanted kind, and a clock of its own unless one is given."""

    def __init__(
        self,
        backend: str,
        ports: range = range(20000, 20200),
        *,
        country: str = "EU",
        recorders: Recorders | None = None,
        clock: HandClock | None = None,
    ) -> None:
        self.pool = PortPool(ports)
        self.state = Rows(self.pool.size, find_loops().loops)
        self.backend = choose_backend(self.state, wanted=backend)
        self.poller = SocketPoller()
        self.clock = clock or HandClock()
        self.events: list[MediaEvent] = []
        self.ahead = PortsAhead(self.pool)
        self.plane = MediaPlane(
            self.state,
            self.pool,
            self.backend,
            self.poller,
            clock=self.clock,
            entropy=Entropy(os.urandom),
            emit=self.events.append,
            country=country,
            recorders=recorders,
            ahead=self.ahead,
        )
        self._tick = 0
        self._legs: set[str] = set()
        self._wire = Wire()

    def __enter__(self) -> PlaneRig:
        self._wire.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for leg in list(self._legs):
            self.close(leg)
        self.ahead.close()
        self.backend.close()
        self._wire.close()

    def open(self, leg: str, address: str, port: int = 0) -> Endpoint:
        """Open a leg, perhaps at a port that is held ready; return its address."""
        self.plane.open(OpenLeg(leg, leg.partition(".")[0], address, port))
        event = self.events[-1]
        assert isinstance(event, LegOpened), event
        self._legs.add(leg)
        return event.address, event.port

    def refused(self, leg: str, address: str, port: int = 0) -> str:
        """Open a leg that is refused; return the reason."""
        self.plane.open(OpenLeg(leg, "c", address, port))
        event = self.events[-1]
        assert isinstance(event, LegRefused)
        return event.reason

    def stream(
        self,
        leg: str,
        at: Endpoint,
        *formats: Format,
        sip_source: str = "",
        receive: bool = True,
        send: bool = True,
        rtcp_port: int = 9,
        ptime_ms: int = 20,
        srtp: Srtp | None = None,
    ) -> None:
        """Say where a leg's phone is."""
        source = sip_source or at[0]
        wanted = formats or (PCMU, EVENT)
        stream = Stream(*at, rtcp_port, source, wanted, receive=receive, send=send, ptime_ms=ptime_ms, srtp=srtp)
        self.plane.set_stream(leg, stream)

    def hear(self, listener: str, source: str) -> None:
        """Let one leg hear another."""
        self.plane.set_room(f"{listener} hears", (Hear(listener, (source,)),))

    def close(self, leg: str) -> LegClosed:
        """Close a leg and its sockets."""
        self._legs.discard(leg)
        self.plane.set_room(f"{leg} hears", ())
        self.plane.close(leg)
        self.plane.finish_turn()
        event = self.events[-1]
        assert isinstance(event, LegClosed)
        return event

    def turn(self) -> None:
        """Make one tick, at its time, and take what came besides; whatever was sent before has come."""
        self.clock.now += TICK_US / 1e6
        self.work()

    def work(self) -> None:
        """Do all of that at the time that it is."""
        self._tick += 1
        self._wire.settle()
        self.plane.tick(self._tick, missed=0)
        for descriptor in self.poller.wait(0):
            self.poller.call(descriptor)
        self.plane.finish_turn()
        self._wire.settle()

    def until(self, done: Callable[[], bool], *, turns: int = 4000, before: Callable[[], object] | None = None) -> None:
        """Make turns until something is so; before each turn something may be done."""
        for _ in range(turns):
            if before is not None:
                before()
            if done():
                return
            self.turn()
        raise AssertionError("it never came to that")

    def packets(self, phone: Phone, count: int, before: Callable[[], object] | None = None) -> list[bytes]:
        """Make turns until a phone has got so many packets; before each turn something may be done."""
        got: list[bytes] = []

        def enough() -> bool:
            got.extend(phone.packets())
            return len(got) >= count

        self.until(enough, before=before)
        return got

    def payloads(self, phone: Phone, count: int, before: Callable[[], object] | None = None) -> list[bytes]:
        """Do the same and return the payloads."""
        return [packet[12:] for packet in self.packets(phone, count, before)]

    def latched(self, leg: str) -> list[str]:
        """Return the addresses that a leg was latched to, one after the other."""
        return [event.address for event in self.of(LegLatched) if event.leg == leg]

    def catch_all(self, leg: str) -> socket.socket:
        """Return the socket to which everybody may send to a leg."""
        return next(each.catch_all for each in self.plane._legs.values() if each.name == leg)

    def refusals(self, row: int = 0) -> int:
        """Return how many packets of a row were refused."""
        return int(self.state.refused[row])

    def of(self, kind: type[EventT]) -> list[EventT]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


FLOOD = """
import os, socket, struct, sys, time
os.sched_setaffinity(0, range(os.cpu_count()))
address, port = sys.argv[1], 0
targets = [(sys.argv[2], int(p)) for p in sys.argv[3].split(",")]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((address, 0))
sequence, end = 0, time.monotonic() + 300
print("ready", flush=True)
while time.monotonic() < end:
    sequence += 1
    packet = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, 666) + b"stranger"
    for target in targets:
        try:
            sock.sendto(packet, target)
        except OSError:
            pass
    time.sleep(0.0003)
"""


@contextmanager
def flood(address: str, to: str, ports: list[int]) -> Iterator[None]:
    """Let a stranger in another process send to ports thousands of packets a second, for the length of a block."""
    words = [sys.executable, "-S", "-E", "-c", FLOOD, address, to, ",".join(map(str, ports))]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        try:
            yield
        finally:
            stranger.kill()


def wait_readable(sock: socket.socket) -> None:
    """Wait until a socket has something to read."""
    assert select.select([sock], [], [], PATIENCE_S)[0], "nothing came"
