from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import DigitPressed, Hear, LegState
from softswitch.media.worker.control import Control
from softswitch.media.worker.outbox import Outbox
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.ports_ahead import PortsAhead

LEGS = [LegState(f"c.{n}", "c", "127.0.0.1", 16384 + 2 * n, None, None) for n in (1, 2)]
ROOMS: list[tuple[str, tuple[Hear, ...]]] = [("c", (Hear("c.1", ("c.2",)),))]


class Desk:
    """A control and the brain's end of its socket."""

    def __init__(self) -> None:
        self.brain, self.sock = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.brain.setblocking(False)
        self.sock.setblocking(False)
        self.done: list[wire.Values] = []
        self.outbox = Outbox()
        self.ahead = PortsAhead(PortPool(range(42000, 42064)))
        self.control = Control(
            self.sock,
            number=3,
            instance="i",
            execute=self._execute,
            states=lambda: LEGS,
            rooms=lambda: ROOMS,
            names=lambda: ["a.1"],
            outbox=self.outbox,
            ahead=self.ahead,
        )

    def _execute(self, command: wire.Values) -> None:
        if command[0] == "fail":
            raise MediaError("no such thing")
        self.done.append(command)

    def say(self, *message: object) -> bool:
        self.brain.send(wire.pack(message))
        return self.control.readable()

    def told(self) -> list[wire.Values]:
        self.control.flush()
        messages = []
        try:
            while True:
                messages.append(wire.unpack(self.brain.recv(wire.RECEIVE_OCTETS)))
        except BlockingIOError:
            return messages


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.brain.close()
    made.sock.close()


HELLO = ("hello", wire.PROTOCOL, wire.PRODUCT, 3, "i")


def test_a_worker_that_starts_says_hello(desk: Desk) -> None:
    assert desk.told() == [HELLO]


def test_commands_of_a_message_are_carried_out_in_order(desk: Desk) -> None:
    assert desk.say("do", 0, (("open", 1), ("close", 1)))
    assert desk.done == [("open", 1), ("close", 1)]


def test_a_command_that_fails_does_not_stop_the_next(desk: Desk) -> None:
    assert desk.say("do", 0, (("fail", 1), ("close", 1)))
    assert desk.done == [("close", 1)]


def test_a_message_of_unknown_name_is_passed_over(desk: Desk) -> None:
    assert desk.say("sing", 1)
    assert desk.say("do", 0, (("close", 1),))
    assert desk.done == [("close", 1)]


def test_events_are_sent_once_and_kept_until_acknowledged(desk: Desk) -> None:
    desk.told()
    desk.outbox.emit(DigitPressed("c.1", "5"))
    desk.outbox.emit(DigitPressed("c.1", "6"))
    assert desk.told() == [("events", ((1, "digit-pressed", "c.1", "5", 0), (2, "digit-pressed", "c.1", "6", 0)))]
    assert desk.told() == []
    desk.say("do", 1, ())
    assert len(desk.outbox) == 1


def test_a_new_brain_is_told_everything_and_the_unacknowledged_again(desk: Desk) -> None:
    desk.told()
    desk.outbox.emit(DigitPressed("c.1", "5"))
    desk.outbox.emit(DigitPressed("c.1", "6"))
    desk.told()
    desk.say("do", 1, ())
    desk.say("hello", wire.PROTOCOL, "softswitch/next")
    rooms = tuple((room, wire.hear_values(rows)) for room, rows in ROOMS)
    assert desk.told() == [
        HELLO,
        ("state", True, (), rooms),
        ("state", False, tuple(wire.leg_state_values(leg) for leg in LEGS), ()),
        ("full", False),
        ("events", ((2, "digit-pressed", "c.1", "6", 0),)),
    ]


def test_a_full_socket_loses_nothing(desk: Desk) -> None:
    desk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for number in range(200):
        desk.outbox.emit(DigitPressed("c" * 200, str(number)))
        desk.control.flush()
    assert desk.control.blocked
    messages: list[wire.Values] = []
    while desk.control.blocked:
        messages += desk.told()
    numbers = [event[0] for message in messages if message[0] == "events" for event in message[1]]
    assert numbers == list(range(1, 201))


def test_the_end_of_the_socket_is_told(desk: Desk) -> None:
    desk.brain.close()
    assert not desk.control.readable()
    desk.control.flush()
    assert not desk.control.blocked


def test_ports_held_ready_are_told_after_the_events_and_all_of_them_to_a_brain_that_says_hello(desk: Desk) -> None:
    desk.told()
    desk.ahead.note_use("127.0.0.1")
    desk.outbox.emit(DigitPressed("c.1", "5"))
    events, ahead = desk.told()
    assert (events[0], ahead[0]) == ("events", "ahead")
    [(address, ports)] = ahead[1]
    assert (address, len(ports)) == ("127.0.0.1", 2)
    assert not desk.told()
    desk.say("hello", wire.PROTOCOL, wire.PRODUCT)
    assert desk.told()[1] == ahead
    for port in ports:
        bound = desk.ahead.take(address, port)
        bound.catch_all.close()
        bound.reports.close()
