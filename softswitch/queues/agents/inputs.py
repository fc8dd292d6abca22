"""What can be said to the people of the switch: by registrations, by codes and commands, by a newly loaded site."""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.core.immutable import immutable


@immutable
class PhoneCame:
    """A user has a live registration."""

    user: str
    at_s: float
    """Wall time."""


@immutable
class PhonesGone:
    """A user has no live registration."""

    user: str
    reason: str


@immutable
class ChooseStatus:
    """A command: set a status."""

    user: str
    status: str
    by: str


@immutable
class EnterQueues:
    """A command: take part in the distribution of queues."""

    user: str
    queue: str
    """One queue; empty: all that list the user, and Ready with them."""
    by: str


@immutable
class LeaveQueues:
    """A command: take no part in the distribution of queues."""

    user: str
    queue: str
    """One queue; empty: all."""
    by: str


@immutable
class Offered:
    """The user's phone is about to ring for a call of a queue."""

    user: str
    queue: str


@immutable
class Released:
    """It does not any more: somebody else took the call, the caller is gone, or the user rejected it."""

    user: str


@immutable
class Missed:
    """The user did not answer in time."""

    user: str


@immutable
class Serves:
    """The user answered."""

    user: str
    queue: str


@immutable
class Finished:
    """The user's part in a call is over, mostly one that came through a queue or group."""

    user: str
    queue: str
    """Name of that queue or group; empty for a call that came by none."""
    at_s: float


@immutable
class WorkDue:
    """The time of a wrap-up has come."""

    user: str
    at_s: float


@immutable
class EndWrapUp:
    """A command: the wrap-up is done."""

    user: str
    by: str


@immutable
class Unblock:
    """A command: a user who missed a call takes calls again."""

    user: str
    by: str


@immutable
class SetForward:
    """A command: let calls go elsewhere."""

    user: str
    kind: str
    target: str
    after_s: float
    by: str


@immutable
class ClearForward:
    """A command: let them go there no more."""

    user: str
    kind: str
    by: str


@immutable
class RefuseCalls:
    """A command: set or lift do-not-disturb."""

    user: str
    wanted: bool
    by: str


@immutable
class SiteLoaded:
    """Another site is in force, or the brain has just started: see what fits no more."""

    at_s: float
    live: Mapping[str, bool]
    """Whether a user has a live registration, for each user with a phone or a status."""


Input = (
    PhoneCame
    | PhonesGone
    | ChooseStatus
    | EnterQueues
    | LeaveQueues
    | SetForward
    | ClearForward
    | RefuseCalls
    | Offered
    | Released
    | Missed
    | Serves
    | Finished
    | WorkDue
    | EndWrapUp
    | Unblock
    | SiteLoaded
)
