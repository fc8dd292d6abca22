from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import (
    Disagreement,
    Format,
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    LegState,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    Stream,
    WorkerLost,
    WorkerState,
)
from softswitch.media.engine_process import WorkerEngine
from softswitch.media.worker_health import WorkerHealth

STREAM = Stream("10.0.0.1", 4000, 4001, "10.0.0.1", (Format("PCMU", 8000, 1, 0, 0),), receive=True, send=True)


class Worker:
    """The other end of a pair: says what it is told to say, and remembers what it is asked."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self._event = 0

    def asked(self) -> list[wire.Values]:
        messages = []
        self.sock.setblocking(False)
        try:
            while data := self.sock.recv(wire.RECEIVE_OCTETS):
                messages.append(wire.unpack(data))
        except BlockingIOError:
            pass
        return messages

    def commands(self) -> list[tuple[str, str]]:
        return [(c[0], c[1]) for message in self.asked() if message[0] == "do" for c in message[2]]

    def hello(self, instance: str = "i", protocol: int = wire.PROTOCOL) -> None:
        self.sock.send(wire.pack(("hello", protocol, "softswitch/x", self.number, instance)))

    def tell(self, *events: MediaEvent, first: int | None = None) -> None:
        start = self._event + 1 if first is None else first
        self._event = start + len(events) - 1
        values = [wire.event_values(start + n, event) for n, event in enumerate(events)]
        self.sock.send(wire.pack(("events", values)))

    def hold_ready(self, *ports: int, address: str = "127.0.0.1") -> None:
        self.sock.send(wire.pack(("ahead", [(address, ports)])))

    def state(self, *legs: LegState, rooms: tuple[tuple[str, tuple[Hear, ...]], ...] = (), more: bool = False) -> None:
        packed_rooms = [(room, wire.hear_values(rows)) for room, rows in rooms]
        self.sock.send(wire.pack(("state", more, [wire.leg_state_values(leg) for leg in legs], packed_rooms)))


class Desk:
    """An engine with two workers, and what it delivered."""

    def __init__(self, workers: int = 2) -> None:
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(workers)]
        self.sockets = [sock for pair in pairs for sock in pair]
        self.events: list[MediaEvent] = []
        self.states: list[WorkerState] = []
        self.blocked: list[int] = []
        self.engine = WorkerEngine(
            [pair[0] for pair in pairs],
            self.events.append,
            on_state=self.states.append,
            on_blocked=self.blocked.append,
        )
        self.workers = [Worker(pair[1], number) for number, pair in enumerate(pairs)]

    def open(self, *legs: str) -> None:
        for leg in legs:
            self.engine.open(OpenLeg(leg, leg.partition(".")[0], "127.0.0.1"))
        self.engine.flush()

    def read(self) -> None:
        for worker in list(self.workers):
            if not self.engine.readable(worker.number):
                self.workers.remove(worker)

    def add(self, number: int) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sockets += [ours, theirs]
        self.workers.append(Worker(theirs, number))
        self.engine.add(number, ours)
        return self.workers[-1]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    for each in made.sockets:
        each.close()


def closed(leg: str) -> LegClosed:
    return LegClosed(leg, LegStatistics())


def test_the_first_word_to_each_worker_is_hello(desk: Desk) -> None:
    assert [worker.asked()[0][:2] for worker in desk.workers] == [("hello", wire.PROTOCOL)] * 2


def test_nothing_leaves_before_the_flush(desk: Desk) -> None:
    desk.engine.open(OpenLeg("a.1", "a", "127.0.0.1"))
    desk.engine.set_stream("a.1", STREAM)
    assert desk.workers[0].commands() == []
    desk.engine.flush()
    assert desk.workers[0].commands() == [("open", "a.1"), ("stream", "a.1")]


def test_a_turn_is_one_message(desk: Desk) -> None:
    desk.workers[0].asked()
    desk.open("a.1", "a.2")
    assert len(desk.workers[0].asked()) == 1


def test_legs_of_a_conversation_share_a_worker_and_conversations_are_spread(desk: Desk) -> None:
    desk.open("a.1", "b.1", "a.2", "c.1", "b.2", "a.3", "d.1")
    first, second = (worker.commands() for worker in desk.workers)
    assert [leg for _, leg in first] == ["a.1", "a.2", "a.3", "d.1"]
    assert [leg for _, leg in second] == ["b.1", "c.1", "b.2"]


def test_a_closed_leg_makes_room_where_it_was(desk: Desk) -> None:
    desk.open("a.1", "b.1", "a.2")
    desk.workers[0].hello()
    desk.workers[0].tell(closed("a.1"), closed("a.2"))
    desk.read()
    for worker in desk.workers:
        worker.asked()
    desk.open("c.1")
    assert desk.workers[0].commands() == [("open", "c.1")]


def test_events_are_delivered_in_order_and_known_legs_follow_them(desk: Desk) -> None:
    desk.open("a.1", "a.2")
    assert desk.engine.open_legs() == {"a.1", "a.2"}
    told: list[MediaEvent] = [LegOpened("a.1", "127.0.0.1", 16384), LegRefused("a.2", "no-port"), closed("a.1")]
    desk.workers[0].hello()
    desk.workers[0].tell(*told)
    desk.read()
    assert desk.events == told
    assert desk.engine.open_legs() == frozenset()


def test_events_told_again_are_not_delivered_again(desk: Desk) -> None:
    desk.workers[0].hello()
    desk.workers[0].tell(LegOpened("a.1", "127.0.0.1", 16384))
    desk.workers[0].tell(LegOpened("a.1", "127.0.0.1", 16384), LegOpened("a.2", "127.0.0.1", 16386), first=1)
    desk.read()
    assert len(desk.events) == 2


def test_what_an_earlier_brain_left_unread_is_delivered_once_and_in_order(desk: Desk) -> None:
    desk.workers[0].tell(LegOpened("a.2", "127.0.0.1", 16386), first=2)
    desk.workers[0].hello()
    told = [LegOpened(f"a.{n}", "127.0.0.1", 16382 + 2 * n) for n in (1, 2)]
    desk.workers[0].tell(*told, first=1)
    desk.read()
    assert desk.events == told


def test_what_is_journaled_is_acknowledged_with_the_next_notes(desk: Desk) -> None:
    desk.workers[0].hello()
    desk.workers[0].tell(LegOpened("a.1", "127.0.0.1", 16384), LegOpened("a.2", "127.0.0.1", 16386))
    desk.read()
    desk.engine.close("x.1")
    desk.engine.flush()
    assert desk.workers[0].asked()[1:] == [("do", 0, (("close", "x.1"),))]
    desk.engine.acknowledge()
    desk.engine.close("x.2")
    desk.engine.flush()
    desk.engine.flush()
    assert desk.workers[0].asked() == [("do", 2, (("close", "x.2"),))]
    assert all(message[0] == "hello" for message in desk.workers[1].asked())


def test_many_journaled_events_are_acknowledged_without_notes(desk: Desk) -> None:
    desk.workers[0].hello()
    desk.workers[0].tell(*[LegOpened(f"a.{n}", "127.0.0.1", 16384) for n in range(100)])
    desk.read()
    desk.engine.acknowledge()
    desk.engine.flush()
    desk.engine.flush()
    assert desk.workers[0].asked()[1:] == [("do", 100, ())]


def test_rooms_go_to_the_worker_of_their_legs(desk: Desk) -> None:
    desk.open("a.1", "b.1", "b.2")
    for worker in desk.workers:
        worker.asked()
    desk.engine.set_room("r", [Hear("b.1", ("b.2",))])
    desk.engine.flush()
    assert desk.workers[1].commands() == [("room", "r")]
    desk.engine.set_room("r", [])
    desk.engine.flush()
    assert desk.workers[1].commands() == [("room", "r")]
    assert desk.workers[0].commands() == []


def test_what_is_said_of_a_leg_nobody_knows_goes_nowhere(desk: Desk) -> None:
    desk.engine.set_stream("x.1", STREAM)
    desk.engine.set_room("r", [Hear("x.1", ("x.2",))])
    desk.engine.flush()
    assert all(worker.commands() == [] for worker in desk.workers)


def test_closing_a_leg_nobody_knows_is_asked_of_a_worker(desk: Desk) -> None:
    desk.engine.close("x.1")
    desk.engine.flush()
    assert desk.workers[0].commands() == [("close", "x.1")]


def test_a_worker_whose_socket_ends_is_lost_with_its_legs(desk: Desk) -> None:
    desk.open("a.1", "b.1", "a.2")
    desk.workers[0].sock.close()
    desk.read()
    desk.read()
    assert desk.events == [WorkerLost(0, ("a.1", "a.2"))]
    assert desk.engine.open_legs() == {"b.1"}
    desk.open("c.1", "d.1", "a.3")
    assert [leg for _, leg in desk.workers[0].commands()] == ["b.1", "c.1", "d.1", "a.3"]


def test_a_worker_that_takes_a_dead_ones_place_gets_what_waited(desk: Desk) -> None:
    for worker in desk.workers:
        worker.sock.close()
    desk.read()
    desk.open("a.1", "b.1")
    assert desk.engine.open_legs() == frozenset()
    desk.engine.close("b.1")
    replacement = desk.add(2)
    desk.engine.flush()
    assert replacement.commands() == [("open", "a.1")]
    assert desk.engine.open_legs() == {"a.1"}
    assert desk.events == [WorkerLost(0, ()), WorkerLost(1, ()), closed("b.1")]
    replacement.hello()
    replacement.tell(LegOpened("a.1", "127.0.0.1", 16384))
    desk.read()
    assert desk.events[-1] == LegOpened("a.1", "127.0.0.1", 16384)


def test_a_retiring_worker_keeps_its_conversations_and_gets_no_others(desk: Desk) -> None:
    desk.open("a.1")
    desk.engine.retire([0, 7])
    desk.open("a.2", "b.1", "c.1")
    first, second = (worker.commands() for worker in desk.workers)
    assert [leg for _, leg in first] == ["a.1", "a.2"]
    assert [leg for _, leg in second] == ["b.1", "c.1"]
    assert desk.engine.retired() == []
    desk.workers[0].hello()
    desk.workers[0].tell(closed("a.1"), closed("a.2"))
    desk.read()
    assert desk.engine.retired() == [0]


def test_a_slow_worker_lets_go_of_a_leg_that_was_given_to_another(desk: Desk) -> None:
    desk.engine.retire([0])
    desk.open("a.1")
    for worker in desk.workers:
        worker.asked()
    desk.workers[0].state(LegState("a.1", "a", "127.0.0.1", 16384, STREAM, None))
    desk.read()
    desk.engine.flush()
    assert desk.workers[0].commands() == [("forget", "a.1")]
    assert desk.workers[1].commands() == []
    desk.engine.close("a.1")
    desk.engine.flush()
    assert desk.workers[1].commands() == [("close", "a.1")]


def test_the_same_worker_saying_hello_again_loses_nothing(desk: Desk) -> None:
    desk.workers[0].hello("first")
    desk.open("a.1")
    desk.workers[0].hello("first")
    desk.read()
    assert desk.events == []


def test_without_workers_a_closing_is_answered() -> None:
    desk = Desk(workers=1)
    desk.workers[0].sock.close()
    desk.read()
    desk.engine.close("a.1")
    desk.engine.flush()
    desk.sockets[0].close()
    assert desk.events == [WorkerLost(0, ()), closed("a.1")]


def test_a_new_brain_learns_what_the_workers_hold(desk: Desk) -> None:
    legs = [LegState(f"a.{n}", "a", "127.0.0.1", 16384 + 2 * n, STREAM, None) for n in (1, 2)]
    rooms = (("r", (Hear("a.1", ("a.2",)),)),)
    desk.workers[1].hello()
    desk.workers[1].state(legs[0], more=True)
    desk.workers[1].state(legs[1], rooms=rooms)
    desk.read()
    assert desk.states == [WorkerState(1, wire.PROTOCOL, "softswitch/x", tuple(legs), rooms)]
    assert desk.engine.open_legs() == {"a.1", "a.2"}
    desk.workers[1].asked()
    desk.open("a.3")
    desk.engine.set_room("r", [])
    desk.engine.flush()
    assert desk.workers[1].commands() == [("open", "a.3"), ("room", "r")]


def test_a_worker_of_another_protocol_gets_no_new_conversations(desk: Desk) -> None:
    desk.workers[0].hello(protocol=wire.PROTOCOL + 1)
    desk.read()
    desk.workers[0].asked()
    desk.open("a.1", "b.1")
    assert desk.engine.outdated() == [0]
    assert desk.engine.protocol_of(0) == (wire.PROTOCOL + 1, "softswitch/x")
    assert desk.workers[0].commands() == []
    assert [leg for _, leg in desk.workers[1].commands()] == ["a.1", "b.1"]


def test_what_a_full_socket_does_not_take_is_sent_later_in_order() -> None:
    desk = Desk(workers=1)
    desk.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    legs = [f"a.{n}" for n in range(500)]
    for leg in legs:
        desk.open(leg)
    assert desk.blocked
    got: list[str] = []
    for _ in range(len(legs)):
        got += [leg for _, leg in desk.workers[0].commands()]
        desk.engine.writable(0)
    for each in desk.sockets:
        each.close()
    assert got == legs


def test_a_message_of_unknown_name_is_an_error(desk: Desk) -> None:
    desk.workers[0].sock.send(wire.pack(("song", 1)))
    with pytest.raises(MediaError, match="song"):
        desk.read()


def report(desk: Desk, *names: str, late_ms: float = 0.0) -> None:
    desk.workers[0].sock.send(wire.pack(("health", False, late_ms, 2, names, (3, 1))))
    desk.read()


def test_a_leg_that_brain_or_worker_does_not_know_twice_is_closed_or_given_up(desk: Desk) -> None:
    desk.engine.retire([1])
    desk.workers[0].hello()
    desk.open("a.1", "a.2")
    desk.workers[0].asked()
    desk.workers[0].tell(LegOpened("a.1", "127.0.0.1", 4000), LegOpened("a.2", "127.0.0.1", 4002))
    desk.read()
    desk.events.clear()
    report(desk, "a.1", "x.1")
    assert desk.events == []
    report(desk, "a.1", "x.1", "y.1")
    assert desk.events == [Disagreement(0, ("x.1",), ("a.2",))]
    assert desk.engine.open_legs() == {"a.1"}
    desk.engine.flush()
    assert desk.workers[0].commands() == [("forget", "x.1")]
    report(desk, "a.1")
    report(desk, "a.1")
    assert len(desk.events) == 1


def test_what_differs_for_a_moment_is_let_pass(desk: Desk) -> None:
    desk.engine.retire([1])
    desk.workers[0].hello()
    desk.open("a.1")
    report(desk)
    report(desk, "a.1")
    report(desk)
    assert desk.events == []


def test_a_leg_is_not_missed_in_reports_that_waited_while_it_was_ordered(desk: Desk) -> None:
    desk.engine.retire([1])
    desk.workers[0].hello()
    desk.open("a.1")
    for _ in range(3):  # sent before the order came; a busy brain reads them after it
        report(desk)
    assert desk.events == []
    desk.workers[0].tell(opened := LegOpened("a.1", "127.0.0.1", 4000))
    report(desk)
    report(desk)
    assert desk.events == [opened, Disagreement(0, (), ("a.1",))]


def test_a_worker_tells_how_it_does(desk: Desk) -> None:
    desk.workers[0].hello()
    report(desk, "a.1", late_ms=1.5)
    assert desk.engine.health()[0] == WorkerHealth(0, 1, 1.5, 2, ticks=(3, 1))


def test_a_busy_worker_gets_no_new_conversation_but_more_legs_of_those_it_has(desk: Desk) -> None:
    desk.open("a.1")
    desk.workers[0].sock.send(wire.pack(("full", True)))
    desk.engine.readable(0)
    for leg in ("b.1", "c.1", "a.2"):
        desk.open(leg)
    assert ("open", "a.2") in desk.workers[0].commands()
    assert [leg for name, leg in desk.workers[1].commands() if name == "open"] == ["b.1", "c.1"]
    assert [worker.full for worker in desk.engine.health()] == [True, False]


def test_while_all_workers_are_busy_a_new_conversation_is_refused(desk: Desk) -> None:
    for worker in desk.workers:
        worker.sock.send(wire.pack(("full", True)))
        desk.engine.readable(worker.number)
    desk.open("a.1")
    assert desk.events == [LegRefused("a.1", "overload")]
    desk.workers[1].sock.send(wire.pack(("full", False)))
    desk.engine.readable(1)
    desk.open("b.1")
    assert desk.events == [LegRefused("a.1", "overload")]
    assert desk.workers[1].commands() == [("open", "b.1")]


def test_keys_go_to_the_worker_of_their_leg(desk: Desk) -> None:
    desk.open("a.1")
    desk.workers[0].asked()
    desk.engine.send_keys("a.1", "15")
    desk.engine.send_keys("b.1", "15")
    desk.engine.flush()
    assert desk.workers[0].commands() == [("press", "a.1")]


def greeted(desk: Desk) -> Worker:
    """A desk's only worker, which holds two ports ready."""
    [worker] = desk.workers
    worker.hello()
    worker.hold_ready(20000, 20002)
    desk.read()
    worker.asked()
    return worker


@pytest.fixture
def one_worker() -> Iterator[Desk]:
    made = Desk(workers=1)
    yield made
    for each in made.sockets:
        each.close()


def test_a_port_held_ready_is_known_at_once_and_what_the_worker_tells_of_it_says_nothing_new(one_worker: Desk) -> None:
    desk, worker = one_worker, greeted(one_worker)
    desk.open("a.1", "a.2", "a.3")
    ready = desk.engine.take_ready()
    assert {(each.leg, each.port) for each in ready} == {("a.1", 20002), ("a.2", 20000)}
    assert not desk.engine.take_ready()
    [(_, _, commands)] = [message for message in worker.asked() if message[0] == "do"]
    assert [(command[1], command[4:]) for command in commands] == [("a.1", (20002,)), ("a.2", (20000,)), ("a.3", ())]
    worker.tell(*ready, LegOpened("a.3", "127.0.0.1", 20004))
    desk.read()
    assert desk.events == [LegOpened("a.3", "127.0.0.1", 20004)]


def test_a_leg_that_is_asked_for_again_gets_no_other_port(one_worker: Desk) -> None:
    desk, worker = one_worker, greeted(one_worker)
    desk.open("a.1")
    desk.engine.take_ready()
    worker.tell(LegOpened("a.1", "127.0.0.1", 20002))
    desk.read()
    desk.open("a.1")
    assert not desk.engine.take_ready()
    worker.tell(LegOpened("a.1", "127.0.0.1", 20002))
    desk.read()
    assert desk.events == [LegOpened("a.1", "127.0.0.1", 20002)]


def test_ports_of_another_address_are_not_taken(one_worker: Desk) -> None:
    desk = one_worker
    greeted(desk)
    desk.engine.open(OpenLeg("a.1", "a", "127.0.0.9"))
    assert not desk.engine.take_ready()


def test_ports_that_were_told_to_an_earlier_brain_are_not_taken(one_worker: Desk) -> None:
    [worker] = one_worker.workers
    worker.hold_ready(20000)
    worker.hello()
    one_worker.read()
    one_worker.open("a.1")
    assert not one_worker.engine.take_ready()


def test_a_port_that_an_earlier_brain_named_and_nobody_got_can_be_claimed_again(one_worker: Desk) -> None:
    desk, worker = one_worker, greeted(one_worker)
    order = OpenLeg("a.1", "a", "127.0.0.1", 20000)
    assert desk.engine.reclaim(order)
    assert not desk.engine.reclaim(OpenLeg("a.2", "a", "127.0.0.1", 20000))
    desk.engine.flush()
    assert ("do", 0, (("open", "a.1", "a", "127.0.0.1", 20000),)) in worker.asked()
    worker.tell(LegOpened("a.1", "127.0.0.1", 20000))
    desk.read()
    assert not desk.events
    assert desk.engine.open_legs() == {"a.1"}
