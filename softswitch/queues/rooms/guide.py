"""A room as the guide of its callers: from the first ring until they are in it.

Where the room has a PIN it is asked for, in words or with a beep where there are none; what is pressed is complete when
it is as long as the PIN, or with ``#``. Moderators have another one, or none where they are users who call from their
own phones; where only moderators have one, ``#`` alone lets anybody else in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Final

from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.facts import ConversationEnded, LegMediaOpened
from softswitch.calls.guide import GuideDue
from softswitch.calls.guide_facts import ConversationGuided, LegKeyPressed
from softswitch.calls.guide_inputs import AnswerCaller, Dismiss, EnterRoom, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.core.sealed_keys import SealedKeys
from softswitch.directory.site import Room
from softswitch.queues.rooms.facts import RoomAdmitted, RoomAsked, RoomPinRefused, RoomRefused

KIND: Final = "room"
WAIT_S: Final = 20.0
"""How long a caller may think before the first key, and between two."""
MOST_TRIES: Final = 3
ASK, ASK_AGAIN = ("tone:beep",), ("tone:beep", "tone:beep")

_GONE: Final = RoomRefused(404, 1, "The room is gone", "not-found")
_WRONG: Final = RoomRefused(403, 21, "Wrong PIN", "wrong-pin")
_SILENT: Final = RoomRefused(480, 18, "No PIN was pressed", "no-pin")


@dataclass(frozen=True, slots=True)
class _Entering:
    """A caller who is asked for the PIN."""

    room: str
    due_s: float
    pressed: str = ""
    tries: int = 0


class RoomGuide:
    """Implements :class:`softswitch.calls.guide.Guide`.

    Args:
        room_of: returns the room that a conversation's caller has dialled, as the site has it now.
        said: returns the sounds of a phrase of the prompt pack; nothing where there is no recording of it.
        sealed: reveals the keys of PINs, which are sealed in facts.
        caller_of: returns the name of the user who leads a conversation there; empty for a caller from outside.
    """

    def __init__(
        self,
        room_of: Callable[[str], Room | None],
        said: Callable[[str], tuple[str, ...]] = lambda phrase: (),
        sealed: SealedKeys | None = None,
        caller_of: Callable[[str], str] = lambda conversation_id: "",
    ) -> None:
        self.entering: dict[str, _Entering] = {}
        """By conversation, those who are not in their room yet."""
        self._room_of = room_of
        self._said = said
        self._sealed = sealed or SealedKeys()
        self._caller_of = caller_of

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return what follows from what happened to a conversation of its own."""
        one = self.entering.get(conversation_id)
        if one is None:
            opened = isinstance(happened, LegMediaOpened) and happened.leg == leg_id(conversation_id, 1)
            # Or a scenario has sent the caller here, or a phone that transferred them.
            begins = opened or isinstance(happened, ConversationGuided | ConversationHanded)
            return self._begin(conversation_id) if begins else ()
        if isinstance(happened, GuideDue):
            return (_SILENT,)
        if isinstance(happened, LegKeyPressed):
            key = self._sealed.reveal(conversation_id, happened.key)
            return self._pressed(conversation_id, one, key)
        return ()

    sees: Final = frozenset({RoomAsked, RoomAdmitted, RoomRefused, RoomPinRefused, LegKeyPressed, ConversationEnded})

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        name, fact = record.conversation_id, record.fact
        one = self.entering.get(name)
        if isinstance(fact, RoomAsked):
            self.entering[name] = _Entering(fact.room, record.wall_s + WAIT_S)
        elif isinstance(fact, RoomAdmitted | RoomRefused | ConversationEnded):
            self.entering.pop(name, None)
        elif one is not None and isinstance(fact, LegKeyPressed):
            self.entering[name] = replace(one, pressed=one.pressed + fact.key, due_s=record.wall_s + WAIT_S)
        elif one is not None and isinstance(fact, RoomPinRefused):
            self.entering[name] = replace(one, pressed="", tries=fact.tries)

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return what a room wants of the calls."""
        if isinstance(fact, RoomAsked):
            sounds = self._said("enter_pin") or ASK
            asking = (PlayToCaller(conversation_id, sounds),) if fact.wants_pin else ()
            return (AnswerCaller(conversation_id), *asking)
        if isinstance(fact, RoomPinRefused):
            wrong, again = self._said("wrong_pin"), self._said("enter_pin")
            return (PlayToCaller(conversation_id, (*wrong, *again) if wrong and again else ASK_AGAIN),)
        if isinstance(fact, RoomAdmitted):
            return (EnterRoom(conversation_id, fact.room, fact.tones, fact.moderator, fact.waits, fact.ends),)
        if isinstance(fact, RoomRefused):
            return (Dismiss(conversation_id, fact.status, fact.cause, fact.reason, fact.word),)
        return ()

    def hides_keys(self, conversation_id: str) -> bool:
        """Tell that whatever is pressed here belongs to a PIN."""
        return True

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return until when a key must be pressed."""
        one = self.entering.get(conversation_id)
        return None if one is None else one.due_s

    def _begin(self, conversation_id: str) -> Sequence[object]:
        room = self._room_of(conversation_id)
        if room is None:
            return (_GONE,)
        moderates = self._caller_of(conversation_id) in room.moderators
        wants_pin = bool(room.pin or room.moderator_pin) and not moderates
        asked = RoomAsked(room.name, wants_pin=wants_pin)
        return (asked,) if wants_pin else (asked, _admitted(room, moderator=moderates))

    def _pressed(self, conversation_id: str, one: _Entering, key: str) -> Sequence[object]:
        """See what the keys are that were pressed so far, the last one among them."""
        room = self._room_of(conversation_id)
        if room is None:
            return (_GONE,)
        pressed = self._sealed.reveal(conversation_id, one.pressed).replace("#", "")
        if room.moderator_pin and compare_digest(pressed, room.moderator_pin):
            return (_admitted(room, moderator=True),)
        if room.pin and compare_digest(pressed, room.pin):
            return (_admitted(room, moderator=False),)
        if not pressed:
            return (_admitted(room, moderator=False),) if key == "#" and not room.pin else ()
        if key != "#" and len(pressed) < max(len(room.pin), len(room.moderator_pin)):
            return ()
        tries = one.tries + 1
        return (_WRONG,) if tries >= MOST_TRIES else (RoomPinRefused(tries),)


def _admitted(room: Room, *, moderator: bool) -> RoomAdmitted:
    return RoomAdmitted(room.name, room.tones, moderator, room.wait_for_moderator, room.end_with_moderator)
