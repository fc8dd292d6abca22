"""Commands that bring several together, and those that let a supervisor hear them."""

from __future__ import annotations

from softswitch.calls.destinations import Phone, Supervise
from softswitch.core.immutable import immutable


@immutable
class JoinCalls:
    """A command: the party of one call of a user joins another call of the same user; together they are a conference.

    Refused with a :class:`~softswitch.core.errors.CommandError`, as the other commands below, where it does not fit.
    """

    conversation_id: str
    """Of the call that becomes the conference, or is one."""
    own: str
    """The user's leg in it."""
    joining: str
    """The user's leg in the call whose party comes; it ends thereby."""
    subscription: str = ""
    """Where a phone's REFER asked for it: the Event header of NOTIFYs to it; empty where it wants none."""


@immutable
class GatherConsultation:
    """A command: whoever asks, whoever was asked and whoever waits meanwhile shall talk with one another."""

    leg: str
    """Of whoever asks."""


@immutable
class InviteToConference:
    """A command: somebody is rung and joins whoever talks with a leg, when they answer."""

    leg: str
    """Of whoever asks."""
    phones: tuple[Phone, ...]
    ring_s: float
    detours: tuple[Phone, ...] = ()
    """As those of :class:`RingPhones`."""
    subscription: str = ""
    """As that of :class:`JoinCalls`."""


@immutable
class MuteLeg:
    """A command: a leg is not heard any more, or again."""

    leg: str
    muted: bool


@immutable
class SuperviseOrdered:
    """A command: a supervisor's phones are rung, and whoever answers hears a conversation."""

    conversation_id: str
    """Of the supervisor's own, which is new."""
    supervisor: str
    """Name of that user."""
    from_number: str
    to_number: str
    phones: tuple[Phone, ...]
    wanted: Supervise


@immutable
class ChangeSupervision:
    """A command: a supervisor is heard by others than before, or hears somebody else."""

    conversation_id: str
    """The supervisor's own."""
    wanted: Supervise


@immutable
class FollowSupervised:
    """Something has happened somewhere: what does a supervisor hear now?"""

    conversation_id: str
    """The supervisor's own."""
