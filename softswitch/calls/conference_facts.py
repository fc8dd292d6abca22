"""The facts of conferences: conversations in which more than two talk. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("conference.started", version=2)
class ConferenceStarted:
    """A conversation is a conference from now on; who takes part in it follows."""

    room: str = ""
    """Name of the room that was dialled; empty where people were brought together."""
    tones: bool = False
    """Whether those who are there hear a tone when somebody comes or goes."""
    page: str = ""
    """Of a page: the leg that speaks; all others only hear."""
    waits: bool = False
    """Whether nobody hears anybody until a moderator is there."""
    ends: bool = False
    """Whether it is over when the last moderator leaves."""


@fact("conference.joined", version=2)
class ConferenceJoined:
    """A leg takes part: it hears all others, and they hear it."""

    leg: str
    segment: int
    """The number of the segment that lasts until it leaves."""
    codec: str
    moderator: bool = False


@fact("conference.left")
class ConferenceLeft:
    """It takes part no more."""

    leg: str
    segment: int


@fact("conference.invited")
class ConferenceInvited:
    """Somebody's phones, whose legs follow, are rung for a conference."""

    attempt: int
    """Counted from 1 within the conversation, with those of a guide."""
    by: str
    """The leg of whoever asked for it."""
    ring_s: float
    subscription: str = ""
    """Where its phone's REFER asked: the Event header of NOTIFYs to it; empty where it wants none."""


@fact("conference.invitation_ended")
class ConferenceInvitationEnded:
    """They do not come."""

    attempt: int
    status: int
    word: str
    """As in ``attempt.ended``."""


@fact("conference.refer_told")
class ConferenceReferTold:
    """A member's phone that asked by REFER for somebody to come is told what came of it."""

    leg: str
    status: int
    subscription: str


@fact("conference.ended")
class ConferenceEnded:
    """It is none any more: two are left and talk on, or nobody is."""


@fact("leg.muted")
class LegMuted:
    """A leg is not heard, or is heard again."""

    leg: str
    muted: bool
