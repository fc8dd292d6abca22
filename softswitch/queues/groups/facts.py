"""The facts of calls to groups. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("group.called")
class GroupCalled:
    """A call to a group began: what it will do, whatever is loaded meanwhile."""

    group: str
    mode: str
    order: tuple[str, ...]
    """Names of the members in the order in which they are tried; drawn by chance in the mode weighted_random."""
    ring_s: float
    rounds: int
    """How often the list is gone through at most."""


@fact("group.tried")
class GroupTried:
    """These members are rung."""

    round: int
    position: int
    """Where in the order the search goes on after them."""
    users: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    """Members who were passed over, each with the reason."""


@fact("group.given_up")
class GroupGivenUp:
    """Nobody takes the call: what the caller is told."""

    status: int
    cause: int
    reason: str
    word: str
    skipped: tuple[tuple[str, str], ...] = ()
    """As above, of the last search."""


@fact("group.done")
class GroupDone:
    """Somebody answered, or the caller is gone: the group has no more to do with the call."""
