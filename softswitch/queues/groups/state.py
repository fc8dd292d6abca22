"""The calls to groups that nobody has answered yet: a fold of :mod:`softswitch.queues.groups.facts`."""

from __future__ import annotations

from dataclasses import dataclass, field

from softswitch.core.facts import Record
from softswitch.queues.groups import facts


@dataclass(slots=True)
class GroupCall:
    """One call to a group while it looks for somebody."""

    group: str
    mode: str
    order: tuple[str, ...]
    ring_s: float
    rounds: int
    round: int = 1
    position: int = 0
    """Where in the order the search goes on."""
    rung: bool = False
    """Whether anybody was rung in this round."""
    ringing: bool = False
    """Whether somebody is being rung now."""


@dataclass(slots=True)
class GroupsState:
    """All of them, by conversation."""

    calls: dict[str, GroupCall] = field(default_factory=dict)
    started: int = 0
    """How many calls there were: with a group's name the seed of the next draw."""

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made, conversation_id = record.fact, record.conversation_id
        if type(made) is facts.GroupCalled:
            self.started += 1
            self.calls[conversation_id] = GroupCall(made.group, made.mode, made.order, made.ring_s, made.rounds)
        elif type(made) is facts.GroupTried:
            call = self.calls.get(conversation_id)
            if call is not None:
                call.round, call.position, call.rung, call.ringing = made.round, made.position, True, True
        elif type(made) in {facts.GroupGivenUp, facts.GroupDone}:
            self.calls.pop(conversation_id, None)

    def unanswered(self, group: str) -> int:
        """Count the calls to a group that nobody has answered yet."""
        return sum(call.group == group for call in self.calls.values())
