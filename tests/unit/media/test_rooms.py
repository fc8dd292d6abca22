from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from softswitch.media.engine import Format, Hear, Stream
from softswitch.media.worker.leg import Leg, ReportState
from softswitch.media.worker.rooms import Rooms
from softswitch.media.worker.rows import NO_TYPE, Rows
from tests.unit.media.rig import EVENT_101, PCMA, PCMU, Rig, rtp

PHONE = ("10.0.0.1", 4000)


class NoDesk:
    """A mixing desk of a machine without codecs."""

    def can_hear(self, formats: tuple[Format, ...]) -> bool:
        return False


class House:
    """Legs by name, in rooms, over a relay without sockets."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.legs: dict[str, Leg] = {}
        self.rooms = Rooms(self.legs, self.rig.state, self.rig.routes, NoDesk())
        self.sockets: list[socket.socket] = []

    def open(self, name: str) -> Leg:
        row = self.rig.leg()
        self.rig.state.kinds[row] = 0
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self.sockets += sockets
        leg = Leg(name, "c", "127.0.0.1", 2 * row, row, sockets[0], sockets[1], ReportState("name"))
        self.legs[name] = leg
        self.rooms.refresh(leg)
        return leg

    def stream(self, name: str, *formats: Format, receive: bool = True, send: bool = True, at: str = PHONE[0]) -> None:
        leg = self.legs[name]
        leg.stream = Stream(at, PHONE[1], 4001, at, formats or (PCMU,), receive=receive, send=send)
        leg.latch.aim(at, PHONE[1], at, now=0.0)
        self.rooms.refresh(leg)

    def close(self, name: str) -> None:
        leg = self.legs.pop(name)
        self.rooms.drop(leg)

    def say(self, name: str, payload_type: int = 0) -> dict[str, list[int]]:
        """Let a leg's phone say something; return the payload types that each other leg got."""
        self.rig.backend.sent.clear()
        self.rig.take(self.legs[name].row, rtp(1, payload_type=payload_type))
        rows = {leg.row: leg.name for leg in self.legs.values()}
        return {rows[row]: [h.payload_type for h in self.rig.heard(row)] for row in list(self.rig.backend.sent)}


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    for name in "abc":
        made.open(name)
        made.stream(name)
    yield made
    for each in made.sockets:
        each.close()


TALK = (Hear("a", ("b",)), Hear("b", ("a",)))


def test_two_in_a_room_hear_each_other_and_nobody_else_does(house: House) -> None:
    house.rooms.set_room("r", TALK)
    assert house.say("a") == {"b": [0]}
    assert house.say("b") == {"a": [0]}
    assert house.say("c") == {}


def test_rows_said_twice_change_nothing(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.rooms.set_room("r", TALK)
    assert house.say("a") == {"b": [0]}
    assert house.rooms.items() == [("r", TALK)]


def test_no_rows_dissolve_the_room(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.rooms.set_room("r", ())
    assert house.say("a") == {}
    assert house.rooms.items() == []


def test_new_rows_replace_the_old_ones(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.rooms.set_room("r", (Hear("a", ("c",)), Hear("c", ("a",))))
    assert house.say("a") == {"c": [0]}
    assert house.say("b") == {}
    assert house.say("c") == {"a": [0]}


def test_one_may_be_heard_by_several(house: House) -> None:
    house.rooms.set_room("r", (Hear("b", ("a",)), Hear("c", ("a",))))
    assert house.say("a") == {"b": [0], "c": [0]}
    house.rooms.set_room("r", (Hear("c", ("a",)),))
    assert house.say("a") == {"c": [0]}


def test_a_leg_that_hears_itself_is_an_echo(house: House) -> None:
    house.rooms.set_room("r", (Hear("a", ("a",)),))
    assert house.say("a") == {"a": [0]}


def test_a_leg_that_moves_to_another_room_leaves_the_first(house: House) -> None:
    house.rooms.set_room("one", TALK)
    house.rooms.set_room("two", (Hear("b", ("c",)),))
    assert house.say("a") == {}
    assert house.say("c") == {"b": [0]}


def test_a_phone_that_may_not_send_is_not_heard(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.stream("a", receive=False)
    assert house.say("a") == {}
    house.stream("a")
    assert house.say("a") == {"b": [0]}


def test_a_phone_that_may_not_be_sent_to_hears_nothing(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.stream("b", send=False)
    assert house.say("a") == {}
    assert house.say("b") == {"a": [0]}


def test_a_leg_may_be_named_before_it_is_there(house: House) -> None:
    house.rooms.set_room("r", (Hear("d", ("a",)), Hear("a", ("d",))))
    house.open("d")
    house.stream("d")
    assert house.say("a") == {"d": [0]}
    assert house.say("d") == {"a": [0]}


def test_a_closed_leg_is_heard_by_nobody_and_hears_nobody(house: House) -> None:
    house.rooms.set_room("r", TALK)
    house.close("b")
    assert house.say("a") == {}
    assert house.rig.routes.rounds[0].tolist() == [house.rig.state.nobody] * house.rig.state.capacity


def test_each_ends_own_numbers_are_used(house: House) -> None:
    house.stream("a", Format("PCMU", 8000, 1, 0, 0), Format("telephone-event", 8000, 1, 101, 96))
    house.stream("b", Format("PCMU", 8000, 1, 0, 0), Format("telephone-event", 8000, 1, 110, 111))
    house.rooms.set_room("r", TALK)
    assert house.say("a", 101) == {"b": [111]}
    assert house.say("b", 110) == {"a": [96]}
    assert house.say("b", 101) == {}


def test_formats_that_only_one_end_has_are_not_passed_on(house: House) -> None:
    house.stream("a", PCMU, PCMA, EVENT_101)
    house.stream("b", PCMA)
    house.rooms.set_room("r", TALK)
    assert house.say("a", 8) == {"b": [8]}
    assert house.say("a", 0) == {}
    assert house.say("a", 101) == {}


def test_the_same_encoding_at_another_clock_is_another_format(house: House) -> None:
    house.stream("a", Format("L16", 8000, 1, 100, 100))
    house.stream("b", Format("L16", 16000, 1, 100, 100))
    house.rooms.set_room("r", TALK)
    assert house.say("a", 100) == {}


def test_a_row_of_nobody_stays_without_types_whatever_rooms_say() -> None:
    assert set(Rows(2).maps[2].tolist()) == {NO_TYPE}
