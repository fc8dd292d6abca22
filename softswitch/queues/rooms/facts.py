"""The facts of callers who dial into a room. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("room.asked")
class RoomAsked:
    """Somebody has dialled a room."""

    room: str
    wants_pin: bool


@fact("room.pin_refused")
class RoomPinRefused:
    """What the caller pressed is not the PIN; it may be tried again."""

    tries: int
    """How many were wrong so far."""


@fact("room.admitted", version=2)
class RoomAdmitted:
    """The caller comes into the room."""

    room: str
    tones: bool
    moderator: bool = False
    """Whether they moderate it."""
    waits: bool = False
    """Whether nobody hears anybody there until a moderator is there."""
    ends: bool = False
    """Whether it is over when the last moderator leaves."""


@fact("room.refused")
class RoomRefused:
    """The caller does not come into it: what they are told."""

    status: int
    cause: int
    reason: str
    word: str
