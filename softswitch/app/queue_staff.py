"""The people of queues: who may be offered a call now, when their wrap-up ends, and what follows their talks."""

from __future__ import annotations

from typing import Any, Final

from softswitch.app.queue_means import QueueMeans
from softswitch.calls.destinations import Refuse
from softswitch.calls.state import Leg
from softswitch.queues.agents import inputs
from softswitch.queues.agents.facts import AgentWorked
from softswitch.queues.agents.working import Work
from softswitch.queues.router import events

_AGENT: Final = "agent"
"""The kind of the deadline of a wrap-up."""


class QueueStaff:
    """Tells the router of people.

    Args:
        means: what the desk works with.
    """

    def __init__(self, means: QueueMeans) -> None:
        self._state = means.folded.queues
        self._agents = means.folded.agents
        self._calls = means.folded.calls
        self._site = means.site
        self._people = means.people
        self._turn = means.turn
        self._wake_ups = means.wake_ups
        self._say = means.say
        self._later = means.later
        self.touched: dict[str, None] = {}
        """Users of whom something has changed."""
        means.wake_ups.serve(_AGENT, self._agent_due)

    # What happens

    def touch(self, user: str) -> None:
        """Note that something has changed of a user."""
        self.touched[user] = None

    def of_user(self, fact: Any) -> None:  # noqa: ANN401  # any fact that has a user
        """Note that something has changed of whoever a fact names."""
        if fact.user:
            self.touch(fact.user)
            if isinstance(fact, AgentWorked):
                self._later(lambda: self._arm(fact.user))

    def touch_all(self) -> None:
        """Look at everybody again who takes part in queues."""
        self.touched |= dict.fromkeys(user for user, agent in self._agents.agents.items() if agent.queues)

    def look_at_one(self) -> None:
        """Tell the router of the first of those of whom something has changed."""
        user = next(iter(self.touched))
        del self.touched[user]
        agent = self._agents.agents.get(user)
        if agent is not None and (agent.queues or user in self._state.agents):
            why = self.why_not_free(user)
            self._say(events.Turn(user, not why, why))

    def why_not_free(self, user: str) -> str:
        """Return why nobody may be offered to a user from a queue now; empty for one who is free."""
        found, agent = self._site().users.get(user), self._agents.agents.get(user)
        if found is None or agent is None:
            return "offline"
        if agent.work is not Work.IDLE:
            return str(agent.work.value)
        offered = self._people.phones_for(found, "queue", wall_s=self._turn.wall_s)
        return offered.word if isinstance(offered, Refuse) else ""

    # What follows a talk

    def talk_ended(self, conversation_id: str, leg: Leg) -> None:
        """Somebody has talked: as a member of a group (M-18), or in a call of their own, which may count too (M-24)."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None or conversation.kind != "call" or not conversation.segment:
            return
        kind, _, name = conversation.guide.partition(":")
        group = self._site().groups.get(name) if kind == "group" and leg.side == "callee" else None
        of_group = group is not None and any(member == leg.user for member, _ in group.members)
        given = inputs.Finished(leg.user, name if of_group else "", self._turn.wall_s)
        self._later(lambda: self._wraps_up(given))

    def _wraps_up(self, given: inputs.Finished) -> None:
        """Begin what follows a call; one of no queue and group counts for who has nothing else to do."""
        agent = self._agents.agents.get(given.user)
        if given.queue or (agent is not None and agent.work is Work.IDLE and not self._calls.is_busy(given.user)):
            self._people.decide(given)

    # Deadlines

    def _agent_due(self, user: str) -> None:
        self._people.decide(inputs.WorkDue(user, self._turn.wall_s))
        self._arm(user)

    def _arm(self, user: str) -> None:
        agent = self._agents.agents[user]
        self._wake_ups.arm(_AGENT, user, agent.work_until_s or None if agent.work is Work.WRAP_UP else None)

    def resume(self) -> None:
        """Go on where an earlier brain was."""
        for user in self._agents.agents:
            self._arm(user)
            self.touch(user)
