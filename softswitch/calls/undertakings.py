"""What is undertaken in a conversation beyond two who talk: moved, asked about, parked, gathered, supervised.

Each is a part of :class:`~softswitch.calls.state.Conversation`, and is changed by the writer of that alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from softswitch.calls.tables import ConsultationState


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer under way."""

    leg: str
    """The transferor's."""
    kind: str
    to_number: str
    subscription: str
    rang: bool = False
    """Whether the transferor was told that the target rings."""


@dataclass(frozen=True, slots=True)
class Consultation:
    """A consultation under way."""

    leg: str
    """Of whoever asks."""
    held: str
    """Of the one about whom, who waits or is turned to again."""
    to_number: str
    purpose: str = "transfer"
    state: ConsultationState = ConsultationState.RINGING


@dataclass(frozen=True, slots=True)
class Parked:
    """Somebody who waits in a slot."""

    leg: str
    slot: str
    by: str
    """The leg of whoever parked them."""


@dataclass(frozen=True, slots=True)
class DialledCall:
    """What is done once one of the phones answers whose user let us dial."""

    phones: tuple[tuple[Any, ...], ...]
    detours: tuple[tuple[Any, ...], ...]
    guide: str


class Origin(NamedTuple):
    """How a customer's call began."""

    number: str
    name: str
    dialled: str


class Note(NamedTuple):
    """What a user has noted about a conversation."""

    user: str
    text: str
    at_s: float
    """Wall time."""


@dataclass(slots=True)
class Conference:
    """Several who talk with one another."""

    room: str = ""
    """Name of the site's room; empty where people were brought together."""
    tones: bool = False
    """Whether those who are there hear a tone when somebody comes or goes."""
    members: dict[str, int] = field(default_factory=dict)
    """By leg, in the order of their coming: the number of the segment that lasts until it leaves."""
    inviter: str = ""
    """The leg that asked for the last invitation."""
    subscription: str = ""
    """The Event header of NOTIFYs to it about that invitation, where its phone asked by REFER and is not told yet."""
    page: str = ""
    """Of a page: the leg that speaks, which the others only hear."""
    waits: bool = False
    """Whether nobody hears anybody until a moderator is there."""
    ends: bool = False
    """Whether it is over when the last moderator leaves."""
    moderators: dict[str, None] = field(default_factory=dict)
    """The legs of those who moderate."""

    @property
    def lasts(self) -> bool:
        """Whether it goes on as such with one or two people."""
        return bool(self.room or self.page)

    def is_open(self, but: Iterable[str] = ()) -> bool:
        """Tell whether people hear one another, ``but`` without these."""
        return not self.waits or any(leg not in but for leg in self.moderators)

    def is_heard(self, leg: str) -> bool:
        """Tell whether a member may be heard at all."""
        return self.page in {"", leg} and self.is_open()


@dataclass(frozen=True, slots=True)
class Supervision:
    """What a supervisor hears, and who hears them."""

    user: str
    """Name of the user who is supervised."""
    watched: str
    """The conversation that is heard; empty where that user talks with nobody now."""
    target: str
    """That user's leg in it; empty where nobody of it is a user now."""
    mode: str
    """``listen``, ``whisper`` or ``barge``."""
    follow: str
    """``agent`` or ``conversation``."""
    told: bool
    modes: tuple[str, ...] = ("listen", "whisper", "barge")
    """What the supervisor may change over to."""
    barred: tuple[str, ...] = ()
    """Guides whose calls are not heard when the user comes to them."""
