"""Who is let into a room: keys and the PIN, key by key."""

from __future__ import annotations

import pytest

from softswitch.calls.facts import LegMediaOpened
from softswitch.calls.guide import GuideDue
from softswitch.calls.guide_facts import LegKeyPressed
from softswitch.calls.guide_inputs import AnswerCaller, PlayToCaller
from softswitch.core.facts import Record
from softswitch.directory.site import Room
from softswitch.queues.rooms.facts import RoomAdmitted, RoomAsked, RoomPinRefused, RoomRefused
from softswitch.queues.rooms.guide import WAIT_S, RoomGuide


class Caller:
    """Somebody who has dialled a room, and what the guide says to each of their keys."""

    def __init__(self, room: Room | None) -> None:
        self.guide = RoomGuide(lambda conversation_id: room)
        self.said: list[object] = []
        self._happens(LegMediaOpened("c.1", 4000))

    def _happens(self, fact: object, wall_s: float = 100.0) -> None:
        self.guide.apply(Record(1, wall_s, "c", fact))
        for said in self.guide.follow("c", fact, wall_s):
            self.guide.apply(Record(2, wall_s, "c", said))
            self.said.append(said)

    def presses(self, keys: str) -> list[object]:
        self.said.clear()
        for key in keys:
            self._happens(LegKeyPressed("c.1", key))
        return self.said


def test_a_room_without_a_pin_takes_everybody_at_once() -> None:
    assert Caller(Room("meeting", "800")).said == [RoomAsked("meeting", False), RoomAdmitted("meeting", True)]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("4711", [RoomAdmitted("board", False)]),
        ("471", []),
        ("471#", [RoomPinRefused(1)]),
        ("#", []),
        ("00004711", [RoomPinRefused(1), RoomAdmitted("board", False)]),
        ("12#34#4711", [RoomPinRefused(1), RoomPinRefused(2), RoomAdmitted("board", False)]),
        ("0000" * 3, [RoomPinRefused(1), RoomPinRefused(2), RoomRefused(403, 21, "Wrong PIN", "wrong-pin")]),
    ],
)
def test_a_pin_is_complete_when_it_is_long_enough_or_ended(keys: str, said: list[object]) -> None:
    assert Caller(Room("board", "801", "4711", tones=False)).presses(keys) == said


def test_the_pin_is_asked_for_in_words_where_there_are_any_and_else_with_beeps() -> None:
    speaking = RoomGuide(lambda conversation_id: None, lambda phrase: (f"file:{phrase}",))
    silent = RoomGuide(lambda conversation_id: None)
    asked, refused = RoomAsked("board", wants_pin=True), RoomPinRefused(1)
    assert list(speaking.asks("c", asked)) == [AnswerCaller("c"), PlayToCaller("c", ("file:enter_pin",))]
    assert list(speaking.asks("c", refused)) == [PlayToCaller("c", ("file:wrong_pin", "file:enter_pin"))]
    assert list(silent.asks("c", asked)) == [AnswerCaller("c"), PlayToCaller("c", ("tone:beep",))]
    assert list(silent.asks("c", refused)) == [PlayToCaller("c", ("tone:beep", "tone:beep"))]


def test_silence_ends_the_wait_that_each_key_prolongs() -> None:
    caller = Caller(Room("board", "801", "4711"))
    assert caller.guide.deadline_s("c") == 100.0 + WAIT_S
    caller.presses("4")
    caller.said.clear()
    caller._happens(GuideDue())
    assert caller.said == [RoomRefused(480, 18, "No PIN was pressed", "no-pin")]
    assert caller.guide.deadline_s("c") is None


def test_a_room_that_a_load_has_taken_away_refuses() -> None:
    assert Caller(None).said == [RoomRefused(404, 1, "The room is gone", "not-found")]
