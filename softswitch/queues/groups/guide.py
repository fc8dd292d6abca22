"""A group as the guide of its callers: from the first ring until somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, Protocol

from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.destinations import Phone
from softswitch.calls.facts import ConversationEnded, LegMediaOpened, SegmentStarted
from softswitch.calls.guide_facts import AttemptEnded, ConversationGuided
from softswitch.calls.guide_inputs import Dismiss, RingForCaller
from softswitch.calls.inputs import Input
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.directory.site import Group
from softswitch.queues.groups import facts
from softswitch.queues.groups.hunt import Member, Outcome, next_try
from softswitch.queues.groups.order import weighted_order
from softswitch.queues.groups.state import GroupCall, GroupsState

KIND = "group"


class Members(Protocol):
    """What a group must know of people; the application fills it."""

    def group_of(self, conversation_id: str) -> Group | None:
        """Return the group that a conversation is guided by, as the site has it now."""
        ...

    def member(self, conversation_id: str, user: str) -> Member:
        """Tell what a member is up to, as far as this conversation goes."""
        ...

    def unanswered_elsewhere(self, group: str) -> int:
        """Count the callers for whom others, as scenarios, ring a group."""
        ...

    def phones(self, user: str) -> tuple[Phone, ...]:
        """Return where a member can be rung now."""
        ...


class GroupGuide:
    """Implements :class:`softswitch.calls.guide.Guide`.

    Args:
        members: who can be rung.
    """

    def __init__(self, members: Members) -> None:
        self.state = GroupsState()
        self._members = members

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return what follows for the group from what happened to a conversation of its own."""
        call = self.state.calls.get(conversation_id)
        if call is None:
            begins = isinstance(happened, ConversationHanded | ConversationGuided) or (
                isinstance(happened, LegMediaOpened) and happened.leg == leg_id(conversation_id, 1)
            )
            return self._begin(conversation_id) if begins else ()
        if isinstance(happened, AttemptEnded):
            return (self._next(conversation_id, call, Outcome(happened.status, happened.word)),)
        if isinstance(happened, SegmentStarted | ConversationEnded):
            return (facts.GroupDone(),)
        return ()

    sees: Final = frozenset({facts.GroupCalled, facts.GroupTried, facts.GroupGivenUp, facts.GroupDone})

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        self.state.apply(record)

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return what the group wants of the calls."""
        if isinstance(fact, facts.GroupTried):
            call = self.state.calls[conversation_id]
            phones = tuple(phone for user in fact.users for phone in self._members.phones(user))
            return (RingForCaller(conversation_id, phones, call.ring_s),)
        if isinstance(fact, facts.GroupGivenUp):
            return (Dismiss(conversation_id, fact.status, fact.cause, fact.reason, fact.word),)
        return ()

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return None: each try has the calls' own deadline."""
        return None

    def _begin(self, conversation_id: str) -> Sequence[object]:
        group = self._members.group_of(conversation_id)
        if group is None:
            return (facts.GroupGivenUp(404, 1, "The group is gone", "not-found"),)
        waiting = self.state.unanswered(group.name) + self._members.unanswered_elsewhere(group.name)
        if group.max_unanswered is not None and waiting >= group.max_unanswered:
            reason = f"{group.max_unanswered} calls to the group wait for an answer"
            return (facts.GroupGivenUp(486, 17, reason, "group-full"),)
        order = tuple(name for name, _ in group.members)
        if group.mode == "weighted_random":
            chance = Random(f"{group.name}/{self.state.started}")  # noqa: S311  # what was drawn stands in the fact
            order = weighted_order(group.members, chance)
        called = facts.GroupCalled(group.name, group.mode, order, group.ring_s, group.max_rounds)
        call = GroupCall(group.name, group.mode, order, group.ring_s, group.max_rounds)
        return (called, self._next(conversation_id, call, None))

    def _next(self, conversation_id: str, call: GroupCall, last: Outcome | None) -> object:
        members = {name: self._members.member(conversation_id, name) for name in call.order}
        return next_try(call, members, last)
