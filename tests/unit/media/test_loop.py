from __future__ import annotations

import gc
import itertools
import select
import socket
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from softswitch.media import wire
from softswitch.media.worker.control import Control
from softswitch.media.worker.loop import SocketPoller, WorkerLoop
from softswitch.media.worker.outbox import Outbox
from softswitch.media.worker.timer import TickTimer


class Plane:
    """Counts what the loop does to it, and stops the loop when it has had enough."""

    def __init__(self) -> None:
        self.legs = 0
        self.pace_with_legs = 1
        self.ticks: list[int] = []
        self.turns = 0
        self.on_third: Callable[[], None] = lambda: None

    @property
    def pace(self) -> int:
        return self.pace_with_legs if self.legs else 0

    def tick(self, number: int, *, missed: int) -> None:
        self.ticks.append(number)
        if len(self.ticks) == 3:
            self.on_third()

    def finish_turn(self) -> None:
        self.turns += 1


class Desk:
    """A loop and the brain's end of its control socket."""

    def __init__(self) -> None:
        self.brain, self.sock = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.setblocking(False)
        self.plane = Plane()
        self.poller = SocketPoller()
        self.timer = TickTimer(0.001)
        self.control = Control(
            self.sock,
            number=0,
            instance="i",
            execute=self.execute,
            states=list,
            rooms=list,
            names=lambda: ["a.1"],
            outbox=Outbox(),
        )
        self.loop = WorkerLoop(self.plane, self.control, self.sock, self.poller, self.timer)
        self.plane.on_third = self.loop.stop

    def execute(self, command: wire.Values) -> None:
        self.plane.legs = int(command[1])
        if command[0] == "stop":
            self.loop.stop()

    def say(self, *command: object) -> None:
        self.brain.send(wire.pack(("do", 0, (command,))))


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.timer.close()
    made.brain.close()
    made.sock.close()
    gc.enable()


def test_it_ticks_while_there_are_legs(desk: Desk) -> None:
    desk.say("open", 1)
    desk.loop.run()
    assert len(desk.plane.ticks) == 3
    assert desk.plane.ticks == sorted(set(desk.plane.ticks))
    assert desk.timer.pace == 1


def test_at_a_slower_pace_the_ticks_between_are_counted_but_not_made(desk: Desk) -> None:
    desk.plane.pace_with_legs = 5
    desk.say("open", 1)
    desk.loop.run()
    assert len(desk.plane.ticks) == 3
    assert all(number % 5 == 0 for number in desk.plane.ticks)


def test_without_legs_there_is_no_tick(desk: Desk) -> None:
    desk.plane.on_third = lambda: desk.say("stop", 0)
    desk.say("open", 1)
    desk.loop.run()
    assert desk.plane.ticks
    assert desk.timer.pace == 0
    assert select.select([desk.timer], [], [], 0.02)[0] == []


def test_it_ends_with_the_control_socket(desk: Desk) -> None:
    desk.brain.close()
    desk.loop.run()
    assert desk.plane.ticks == []
    assert desk.plane.turns > 0


def test_sockets_are_called_when_there_is_something_to_read(desk: Desk) -> None:
    here, there = socket.socketpair()
    called: list[bytes] = []

    def take() -> None:
        called.append(here.recv(9))
        desk.loop.stop()

    desk.poller.watch(here, take)
    there.send(b"one")
    desk.loop.run()
    desk.poller.unwatch(here)
    desk.poller.unwatch(here)
    there.send(b"two")
    assert desk.poller.wait(0) == []
    assert called == [b"one"]
    here.close()
    there.close()


def test_many_sockets_share_the_time_between_two_ticks(desk: Desk) -> None:
    pairs = [socket.socketpair() for _ in range(4)]
    seconds = itertools.count()
    poller, timer = SocketPoller(), TickTimer(0.5)
    loop = WorkerLoop(desk.plane, desk.control, desk.sock, poller, timer, monotonic=lambda: next(seconds))
    calls: list[int] = []

    def take(number: int) -> None:
        calls.append(number)
        if set(calls) == {0, 1, 2, 3}:
            loop.stop()

    for number, (here, there) in enumerate(pairs):
        poller.watch(here, partial(take, number))
        there.send(b"flood")
    loop.run()
    assert len(calls) >= 4
    assert desk.plane.turns > 4
    timer.close()
    for here, there in pairs:
        here.close()
        there.close()


def test_what_the_socket_does_not_take_goes_out_when_there_is_room(desk: Desk) -> None:
    desk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    while not desk.control.blocked:
        desk.brain.send(wire.pack(("hello", wire.PROTOCOL, "x")))
        desk.control.readable()
        desk.control.flush()
    desk.brain.setblocking(False)

    def drain() -> None:
        try:
            while True:
                desk.brain.recv(wire.RECEIVE_OCTETS)
        except BlockingIOError:
            pass
        if not desk.control.blocked:
            desk.loop.stop()

    desk.poller.watch(desk.brain, drain)
    desk.loop.run()
    assert not desk.control.blocked


def test_a_timer_counts_the_ticks_since_it_was_asked() -> None:
    timer = TickTimer(0.001)
    assert timer.elapsed() == 0
    timer.set_pace(1)
    select.select([timer], [], [], 5)
    assert timer.elapsed() >= 1
    timer.set_pace(0)
    timer.close()


def test_it_tells_the_brain_every_few_seconds_how_late_it_was_and_which_legs_there_are(desk: Desk) -> None:
    seconds = iter(range(0, 10_000, 2))
    loop = WorkerLoop(
        desk.plane, desk.control, desk.sock, SocketPoller(), desk.timer, monotonic=lambda: float(next(seconds))
    )
    desk.plane.on_third = loop.stop
    desk.say("start", 1)
    loop.run()
    desk.sock.close()
    told = [wire.unpack(data) for data in iter(lambda: desk.brain.recv(wire.RECEIVE_OCTETS), b"")]
    reports = [message for message in told if message[0] == "health"]
    assert {(more, legs) for _, more, _, _, legs, _ in reports} == {(False, ("a.1",))}
    assert max(late_ms for _, _, late_ms, _, _, _ in reports) > 0
    assert reports[-1][5][-1] > 0, "ticks that are seconds late are later than all steps"


@pytest.mark.parametrize(("tick_s", "calls_in_its_turn"), [(0.0, 3), (0.0085, 9), (0.5, 12)])
def test_single_packets_get_as_much_time_as_a_long_tick_took(desk: Desk, tick_s: float, calls_in_its_turn: int) -> None:
    now = [0.0]
    pairs = [socket.socketpair() for _ in range(12)]
    poller = SocketPoller()
    loop = WorkerLoop(desk.plane, desk.control, desk.sock, poller, desk.timer, monotonic=lambda: now[0])
    turns: list[int] = []

    def tick(number: int, *, missed: int) -> None:
        now[0] += tick_s
        turns.append(0)
        loop.stop()

    def take() -> None:
        now[0] += 0.001
        if turns:
            turns[-1] += 1

    desk.plane.tick = tick  # type: ignore[method-assign]
    desk.plane.legs = 1
    desk.timer.set_pace(1)
    select.select([desk.timer], [], [], 5)
    for here, there in pairs:
        poller.watch(here, take)
        there.send(b"first packet of a phone")
    loop.run()
    for here, there in pairs:
        here.close()
        there.close()
    assert turns == [calls_in_its_turn]


def test_a_worker_whose_ticks_end_late_is_full_until_its_legs_are_gone(desk: Desk) -> None:
    now = [0.0]
    loop = WorkerLoop(desk.plane, desk.control, desk.sock, SocketPoller(), desk.timer, monotonic=lambda: now[0])

    def tick(number: int, *, missed: int) -> None:
        desk.plane.ticks.append(number)
        now[0] += 0.02
        if len(desk.plane.ticks) == 260:
            desk.plane.legs = 0
            loop.stop()

    desk.plane.tick = tick  # type: ignore[method-assign]
    desk.plane.legs = 1
    loop.run()
    desk.sock.close()
    told = [wire.unpack(data) for data in iter(lambda: desk.brain.recv(wire.RECEIVE_OCTETS), b"")]
    assert [message for message in told if message[0] == "full"] == [("full", True), ("full", False)]
