"""What a guide asks for the caller whom it leads."""

from __future__ import annotations

from softswitch.calls.destinations import Phone
from softswitch.core.immutable import immutable


@immutable
class PlayToCaller:
    """A guide lets its caller hear something, in the place of what it heard before."""

    conversation_id: str
    sounds: tuple[str, ...]
    """As :class:`softswitch.media.engine.Playing` names them."""
    repeat: bool = False


@immutable
class HushCaller:
    """A guide ends what its caller hears."""

    conversation_id: str


@immutable
class AnswerCaller:
    """A guide takes the caller's call, so that there is sound both ways."""

    conversation_id: str
    early: bool = False
    """Only open the sound, by a 183, where the call is not answered yet and its INVITE lets us."""


@immutable
class RingForCaller:
    """A guide tries to reach somebody; an attempt that is going on is given up before."""

    conversation_id: str
    phones: tuple[Phone, ...]
    ring_s: float
    detours: tuple[Phone, ...] = ()
    """As those of :class:`RingPhones`."""


@immutable
class RingAlso:
    """A guide lets further phones ring in the attempt that is going on."""

    conversation_id: str
    phones: tuple[Phone, ...]


@immutable
class StopRingingUser:
    """A guide lets the phones of one user ring no more, while others go on."""

    conversation_id: str
    user: str


@immutable
class HandOver:
    """A guide gives its caller to another."""

    conversation_id: str
    guide: str
    why: str = ""
    priority: int = 0
    """As that of :class:`softswitch.calls.facts.ConversationGuided`."""
    skills: tuple[str, ...] = ()


@immutable
class StopRinging:
    """A guide gives its attempt up."""

    conversation_id: str


@immutable
class Dismiss:
    """A guide ends the call."""

    conversation_id: str
    status: int
    """The final status where the call was not answered."""
    cause: int
    """Q.850."""
    reason: str
    word: str


@immutable
class EnterRoom:
    """A guide lets its caller into a room that was dialled."""

    conversation_id: str
    room: str
    tones: bool = False
    """Whether those who are there hear that somebody comes and goes."""
    moderator: bool = False
    """Whether the caller moderates it."""
    waits: bool = False
    """Whether nobody hears anybody until a moderator is there."""
    ends: bool = False
    """Whether it is over when the last moderator leaves."""


@immutable
class PageMembers:
    """A guide lets its caller speak to phones that answer by themselves, and are not heard."""

    conversation_id: str
    phones: tuple[Phone, ...]
    ring_s: float
