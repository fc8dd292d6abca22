"""The facts of people: logged in, status chosen, in and out of queues."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("agent.logged_in")
class AgentLoggedIn:
    """The first live registration of a user came."""

    user: str
    status: str
    """The preset's login status, or the one before, where the user was away for a short time only."""
    restored: bool


@fact("agent.logged_out")
class AgentLoggedOut:
    """The last live registration of a user is gone."""

    user: str
    status: str
    reason: str
    """Of the registration's end: ``unregistered``, ``expired`` ..."""


@fact("status.chosen")
class StatusChosen:
    """Somebody chose a status for a user."""

    user: str
    status: str
    by: str
    """``code``, ``api``, or ``load`` where the site has no such status any more."""


@fact("agent.entered_queue")
class AgentEnteredQueue:
    """A user takes part in the distribution of a queue from now on."""

    user: str
    queue: str
    by: str


@fact("agent.left_queue")
class AgentLeftQueue:
    """A user takes no part in the distribution of a queue any more."""

    user: str
    queue: str
    by: str


@fact("forward.set")
class ForwardSet:
    """Calls to a user go elsewhere from now on."""

    user: str
    kind: str
    """When: ``always``, ``busy``, ``no_answer``, ``offline``."""
    target: str
    """An extension, or a number outside as the user would dial it."""
    after_s: float
    """For ``no_answer``: how long the user's phones ring first."""
    by: str


@fact("forward.cleared")
class ForwardCleared:
    """They do so no more."""

    user: str
    kind: str
    by: str


@fact("disturbance.chosen")
class DisturbanceChosen:
    """A user does not want to be disturbed by calls, whatever the status, or does again."""

    user: str
    refused: bool
    by: str


@fact("agent.worked")
class AgentWorked:
    """Calls that are distributed moved a user on: rung, serving, wrapping up, blocked, or back."""

    user: str
    step: str
    """``offered``, ``released``, ``missed``, ``serves``, ``wraps_up`` or ``finished``."""
    status: str
    """The status from now on."""
    until_s: float
    """Of a wrap-up: when it ends by itself; 0 where it does not, and in all other steps."""
    queue: str
    """Whose call it is; of a wrap-up the queue or group whose rule holds."""
    why: str
    """What ended it: ``time``, ``command``, ``chosen``, ``call`` ..."""
    return_to: str = ""
    """Of a wrap-up: ``ready`` or ``previous``, which follows it."""


@fact("status.planned")
class StatusPlanned:
    """The status that follows when the present call is handled, or a block lifted; empty: the usual one."""

    user: str
    status: str
    by: str
