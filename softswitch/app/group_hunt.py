"""Groups as a step of a scenario rings them: the same search as for a call to the group itself, held in a few words."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, Protocol

from softswitch.calls.destinations import Phone
from softswitch.directory.site import Site
from softswitch.queues.groups.facts import GroupTried
from softswitch.queues.groups.hunt import Member, Outcome, next_try
from softswitch.queues.groups.order import weighted_order
from softswitch.queues.groups.state import GroupCall

Memory = tuple[str, ...]
"""Group, mode, order, rounds, round, position, whether anybody was rung, and whom it rings now."""

NOBODY: Final[Memory] = ()


class Members(Protocol):
    """What a search must know of people."""

    def member(self, conversation_id: str, user: str) -> Member:
        """Tell what a member is up to, as far as this conversation goes."""
        ...

    def phones(self, user: str) -> tuple[Phone, ...]:
        """Return where a member can be rung now."""
        ...


class GroupHunt:
    """Searches groups for scenarios.

    Args:
        site: returns the site in force.
        members: what the members are up to, and where they can be rung.
    """

    def __init__(self, site: Callable[[], Site], members: Members) -> None:
        self._site = site
        self._members = members

    def begin(self, conversation_id: str, name: str) -> Memory:
        """Begin a search, its order drawn now where chance decides; nothing where nobody can be rung."""
        group = self._site().groups.get(name)
        if group is None:
            return NOBODY
        order = tuple(member for member, _ in group.members)
        if group.mode == "weighted_random":
            chance = Random(f"{name}/{conversation_id}")  # noqa: S311  # what was drawn stands in the fact
            order = weighted_order(group.members, chance)
        call = GroupCall(name, group.mode, order, group.ring_s, group.max_rounds)
        return self._next(conversation_id, call, None)

    def go_on(self, conversation_id: str, memory: Memory, status: int, word: str) -> Memory:
        """Go on when a try is over; nothing where the group gives up."""
        name, mode, order, rounds, round_, position, rung, _ = memory
        call = GroupCall(
            name, mode, tuple(order.split(",")), 0.0, int(rounds), int(round_), int(position), rung == "yes"
        )
        return self._next(conversation_id, call, Outcome(status, word))

    def phones(self, memory: Memory) -> tuple[Phone, ...]:
        """Return the phones that a search rings now."""
        return tuple(phone for user in memory[-1].split(",") for phone in self._members.phones(user))

    def _next(self, conversation_id: str, call: GroupCall, last: Outcome | None) -> Memory:
        members = {name: self._members.member(conversation_id, name) for name in call.order}
        found = next_try(call, members, last)
        if not isinstance(found, GroupTried):
            return NOBODY
        place = (str(found.round), str(found.position), "yes", ",".join(found.users))
        return (call.group, call.mode, ",".join(call.order), str(call.rounds), *place)
