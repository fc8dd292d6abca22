"""The media worker as a process of its own, driven by the brain's engine."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from softswitch.media.engine import (
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    MediaEvent,
    OpenLeg,
    Stream,
    WorkerLost,
    WorkerState,
)
from softswitch.media.engine_process import WorkerEngine
from tests.integration.media.rig import EVENT, PCMU, Phone
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network

SWITCH = own("44.1")
PROGRAM = """
import sys
from softswitch.media.worker.main import run
control, low, high, backend = sys.argv[1:]
run(int(control), number=0, ports=range(int(low), int(high)), realtime=False, backend=backend)
"""


class Process:
    """A worker process, and the end of its pair of sockets that a supervisor would hold for the brains."""

    def __init__(self, backend: str, ports: range) -> None:
        self.brain_end, worker_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [str(n) for n in (worker_end.fileno(), ports.start, ports.stop)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words, backend],
            pass_fds=[worker_end.fileno()],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        worker_end.close()
        self.dups: list[socket.socket] = []
        """What brains hold; closed at the end where a test that failed has not."""

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        for each in (self.brain_end, *self.dups):
            each.close()


class Brain:
    """An engine over a worker process, as a brain would have it."""

    def __init__(self, process: Process) -> None:
        self.events: list[MediaEvent] = []
        self.states: list[WorkerState] = []
        self.engine = WorkerEngine((), self.events.append, on_state=self.states.append)
        self._socks: dict[int, socket.socket] = {}
        self.add(0, process)

    def add(self, number: int, process: Process) -> None:
        self._socks[number] = process.brain_end.dup()
        process.dups.append(self._socks[number])
        self.engine.add(number, self._socks[number])

    def until(self, done: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + limit_s
        while not done():
            assert time.monotonic() < deadline, self.events
            self.turn(0.1)

    def turn(self, limit_s: float = 0.0) -> None:
        """Take what workers say, if need be after a while."""
        select.select(list(self._socks.values()), [], [], limit_s)
        for number in list(self._socks):
            if not self.engine.readable(number):
                self._socks.pop(number).close()

    def count(self, kind: type[MediaEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def open(self, *legs: str) -> dict[str, tuple[str, int]]:
        for leg in legs:
            self.engine.open(OpenLeg(leg, leg.partition(".")[0], SWITCH))
        self.events += self.engine.take_ready()
        self.engine.flush()
        self.until(lambda: self.opened().keys() >= set(legs))
        return self.opened()

    def opened(self) -> dict[str, tuple[str, int]]:
        return {event.leg: (event.address, event.port) for event in self.events if isinstance(event, LegOpened)}

    def die(self) -> None:
        for each in self._socks.values():
            each.close()


@pytest.fixture
def process(backend: str) -> Iterator[Process]:
    made = Process(backend, range(24000, 24200))
    yield made
    made.end()


def stream(phone: Phone) -> Stream:
    return Stream(*phone.at, 9, phone.at[0], (PCMU, EVENT), receive=True, send=True)


def collect(phone: Phone, count: int, send: Callable[[], None], limit_s: float = PATIENCE_S) -> list[bytes]:
    """Let somebody send every 20 ms until a phone has heard so many packets."""
    deadline = time.monotonic() + limit_s
    heard: list[bytes] = []
    while len(heard) < count:
        assert time.monotonic() < deadline, f"{len(heard)} of {count}"
        send()
        select.select([phone.sock], [], [], 0.02)
        heard += phone.payloads()
    return heard


def test_a_call_through_the_process(process: Process) -> None:
    brain = Brain(process)
    with Phone(own("44.2"), payload=b"anna") as a, Phone(own("44.3"), payload=b"boris") as b:
        at = brain.open("c.1", "c.2")
        brain.engine.set_stream("c.1", stream(a))
        brain.engine.set_stream("c.2", stream(b))
        brain.engine.set_room("c", [Hear("c.1", ("c.2",)), Hear("c.2", ("c.1",))])
        brain.engine.flush()
        assert set(collect(b, 20, lambda: a.send(at["c.1"]))) == {b"anna"}
        assert set(collect(a, 20, lambda: b.send(at["c.2"]))) == {b"boris"}
        brain.engine.close("c.1")
        brain.engine.close("c.2")
        brain.engine.flush()
        brain.until(lambda: brain.count(LegClosed) == 2)
        assert brain.engine.open_legs() == frozenset()
    brain.die()


def test_a_new_brain_finds_legs_rooms_and_unacknowledged_events_and_the_sound_goes_on(process: Process) -> None:
    first = Brain(process)
    with Phone(own("44.2"), payload=b"anna") as a, Phone(own("44.3"), payload=b"boris") as b:
        at = first.open("c.1")
        first.engine.acknowledge()
        first.engine.flush()
        at |= first.open("c.2")
        first.engine.set_stream("c.1", stream(a))
        first.engine.set_stream("c.2", stream(b))
        rows = (Hear("c.1", ("c.2",)), Hear("c.2", ("c.1",)))
        first.engine.set_room("c", rows)
        first.engine.flush()
        collect(b, 3, lambda: a.send(at["c.1"]))
        first.die()
        assert set(collect(b, 10, lambda: a.send(at["c.1"]))) == {b"anna"}
        second = Brain(process)
        second.until(lambda: bool(second.states) and len(second.events) >= 2)
        state = second.states[0]
        assert {leg.leg: (leg.address, leg.port) for leg in state.legs} == at
        assert [leg.stream for leg in state.legs] == [stream(a), stream(b)]
        assert state.legs[0].latched == a.at
        assert state.rooms == (("c", rows),)
        assert [event.leg for event in second.events if isinstance(event, LegOpened)] == ["c.2"]
        second.engine.close("c.1")
        second.engine.flush()
        second.until(lambda: second.count(LegClosed) == 1)
        second.die()


def test_a_state_larger_than_a_message_comes_in_parts(backend: str) -> None:
    process = Process(backend, range(24000, 26000))
    try:
        first = Brain(process)
        names = [f"{'long' * 100}{n}.1" for n in range(700)]
        first.open(*names)
        first.die()
        second = Brain(process)
        second.until(lambda: bool(second.states) and second.count(LegOpened) == 700)
        assert {leg.leg for leg in second.states[0].legs} == set(names)
        second.die()
    finally:
        process.end()


def test_a_worker_that_dies_is_noticed_at_once_and_the_next_one_takes_what_waits(backend: str) -> None:
    process, again = Process(backend, range(24000, 24200)), Process(backend, range(24000, 24200))
    brain = Brain(process)
    brain.open("c.1")
    process.process.kill()
    brain.until(lambda: brain.count(WorkerLost) == 1)
    assert [event for event in brain.events if isinstance(event, WorkerLost)] == [WorkerLost(0, ("c.1",))]
    brain.engine.open(OpenLeg("d.1", "d", SWITCH))
    brain.engine.flush()
    brain.add(1, again)
    brain.engine.flush()
    brain.until(lambda: "d.1" in brain.opened())
    brain.die()
    for each in (process, again):
        each.end()


def test_no_port_left_is_told(backend: str) -> None:
    process = Process(backend, range(24400, 24404))
    brain = Brain(process)
    brain.open("c.1", "c.2")
    brain.engine.open(OpenLeg("c.3", "c", SWITCH))
    brain.engine.flush()
    brain.until(lambda: brain.count(LegRefused) == 1)
    assert brain.events[-1] == LegRefused("c.3", "no-port")
    brain.die()
    process.end()


def test_the_worker_ends_when_nobody_holds_the_other_end(process: Process) -> None:
    Brain(process).die()
    process.brain_end.close()
    assert process.process.wait(PATIENCE_S) == 0


def test_the_worker_ends_on_sigterm(process: Process) -> None:
    brain = Brain(process)
    brain.open("c.1")
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(PATIENCE_S) == 0
    brain.die()


def test_an_idle_worker_does_not_tick(process: Process) -> None:
    brain = Brain(process)
    brain.open("c.1")
    brain.engine.close("c.1")
    brain.engine.flush()
    brain.until(lambda: brain.count(LegClosed) == 1)
    stat = f"/proc/{process.process.pid}/status"

    def switches() -> int:
        with open(stat) as lines:
            return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))

    before = switches()
    select.select([], [], [], 0.3)
    assert switches() - before < 10
    brain.die()
