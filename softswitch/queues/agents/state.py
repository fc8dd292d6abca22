"""What the switch knows of its people: a fold of their facts, and of who answers calls; changed by ``apply`` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from softswitch.calls.facts import LegAnswered
from softswitch.core.facts import Record
from softswitch.core.state_table import StateTable, Word
from softswitch.queues.agents import facts
from softswitch.queues.agents.working import STEPS, WORK_TABLE, Work


class Presence(Word):
    """Whether a user can be reached at all."""

    AWAY = "away"
    """No phone is registered."""
    PRESENT = "present"
    """At least one is."""


class PresenceInput(Word):
    """What can happen to a user."""

    LOG_IN = "the first registration comes"
    LOG_OUT = "the last registration goes"
    CHOOSE = "a status is chosen"


PRESENCE_TABLE: Final = StateTable(
    "presence",
    {
        (Presence.AWAY, PresenceInput.LOG_IN): Presence.PRESENT,
        (Presence.PRESENT, PresenceInput.LOG_OUT): Presence.AWAY,
        (Presence.PRESENT, PresenceInput.CHOOSE): Presence.PRESENT,
    },
)
"""A user's presence; which status goes with it is data (:mod:`softswitch.directory.statuses`)."""


class Forward(NamedTuple):
    """Where calls go."""

    target: str
    """An extension, or a number outside."""
    after_s: float
    """How long phones ring first, where it is for want of an answer."""


@dataclass(slots=True)
class Agent:
    """One user, as far as calls are offered to people."""

    user: str
    presence: Presence = Presence.AWAY
    status: str = ""
    """Name of the row in the user's preset."""
    since_s: float = 0.0
    """Wall time at which this status began."""
    before: str = ""
    """While away: the status before that."""
    away_because: str = ""
    """While away: why the last registration ended."""
    queues: set[str] = field(default_factory=set)
    """Names of the queues that the user is logged in to."""
    answered_s: float = 0.0
    """Wall time at which the user last answered a call; 0 for never."""
    forwards: dict[str, Forward] = field(default_factory=dict)
    """By when they apply: ``always``, ``busy``, ``no_answer``, ``offline``."""
    do_not_disturb: bool = False
    work: Work = Work.IDLE
    work_since_s: float = 0.0
    work_until_s: float = 0.0
    """Of a wrap-up that ends by itself: when; else 0."""
    work_queue: str = ""
    """Whose call it is."""
    previous: str = ""
    """While working: the status before."""
    return_to: str = ""
    """Of a wrap-up: ``ready`` or ``previous``."""
    planned: str = ""
    """The status that was chosen ahead (V-74); empty: the usual one."""


@dataclass(slots=True)
class AgentsState:
    """Everybody who ever registered or logged in to a queue."""

    agents: dict[str, Agent] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        if type(record.fact) is LegAnswered:
            if record.fact.user:
                self.agents.setdefault(record.fact.user, Agent(record.fact.user)).answered_s = record.wall_s
            return
        change = _CHANGES.get(type(record.fact))
        if change is not None:
            made = record.fact
            change(self.agents.setdefault(made.user, Agent(made.user)), record.wall_s, made)

    def values(self) -> tuple[Any, ...]:
        """Return the state as plain values, for a snapshot; equal states give equal values."""
        return tuple(
            (
                a.user,
                a.presence.value,
                a.status,
                a.since_s,
                a.before,
                a.away_because,
                tuple(sorted(a.queues)),
                a.answered_s,
                tuple((kind, *forward) for kind, forward in sorted(a.forwards.items())),
                a.do_not_disturb,
                (
                    a.work.value,
                    a.work_since_s,
                    a.work_until_s,
                    a.work_queue,
                    a.previous,
                    a.return_to,
                    a.planned,
                ),
            )
            for a in self.agents.values()
        )

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        for user, presence, status, since_s, before, away_because, queues, answered_s, *later in values:
            forwards, do_not_disturb, *work = later or ((), False)  # older snapshots have neither
            self.agents[user] = Agent(
                user,
                Presence(presence),
                status,
                since_s,
                before,
                away_because,
                set(queues),
                answered_s,
                {kind: Forward(target, after_s) for kind, target, after_s in forwards},
                do_not_disturb,
            )
            if work:
                _restore_work(self.agents[user], *work[0])


def _restore_work(agent: Agent, work: str, since_s: float, until_s: float, *words: str) -> None:
    agent.work, agent.work_since_s, agent.work_until_s = Work(work), since_s, until_s
    agent.work_queue, agent.previous, agent.return_to, agent.planned = words


def _logged_in(agent: Agent, wall_s: float, fact: facts.AgentLoggedIn) -> None:
    agent.presence = PRESENCE_TABLE.step(agent.presence, PresenceInput.LOG_IN)
    agent.status, agent.since_s = fact.status, wall_s
    agent.before = agent.away_because = ""


def _logged_out(agent: Agent, wall_s: float, fact: facts.AgentLoggedOut) -> None:
    agent.presence = PRESENCE_TABLE.step(agent.presence, PresenceInput.LOG_OUT)
    agent.before, agent.away_because = agent.previous or agent.status, fact.reason
    agent.status, agent.since_s = fact.status, wall_s


def _worked(agent: Agent, wall_s: float, fact: facts.AgentWorked) -> None:
    if agent.work is Work.IDLE:
        agent.previous = agent.status
    agent.work = WORK_TABLE.step(agent.work, STEPS[fact.step])
    agent.work_since_s, agent.work_until_s = wall_s, fact.until_s
    agent.work_queue, agent.return_to = fact.queue, fact.return_to
    if fact.status != agent.status:
        agent.status, agent.since_s = fact.status, wall_s
    if agent.work is Work.IDLE:
        agent.previous = agent.planned = agent.work_queue = ""


def _planned(agent: Agent, wall_s: float, fact: facts.StatusPlanned) -> None:
    agent.planned = fact.status


def _chosen(agent: Agent, wall_s: float, fact: facts.StatusChosen) -> None:
    agent.presence = PRESENCE_TABLE.step(agent.presence, PresenceInput.CHOOSE)
    agent.status, agent.since_s = fact.status, wall_s
    if agent.work is not Work.IDLE:
        agent.previous = fact.status


def _entered(agent: Agent, wall_s: float, fact: facts.AgentEnteredQueue) -> None:
    agent.queues.add(fact.queue)


def _left(agent: Agent, wall_s: float, fact: facts.AgentLeftQueue) -> None:
    agent.queues.discard(fact.queue)


def _forwards(agent: Agent, wall_s: float, fact: facts.ForwardSet) -> None:
    agent.forwards[fact.kind] = Forward(fact.target, fact.after_s)


def _forwards_no_more(agent: Agent, wall_s: float, fact: facts.ForwardCleared) -> None:
    agent.forwards.pop(fact.kind, None)


def _disturbance(agent: Agent, wall_s: float, fact: facts.DisturbanceChosen) -> None:
    agent.do_not_disturb = fact.refused


_CHANGES: Final[dict[type, Callable[[Agent, float, Any], None]]] = {
    facts.AgentLoggedIn: _logged_in,
    facts.AgentLoggedOut: _logged_out,
    facts.StatusChosen: _chosen,
    facts.StatusPlanned: _planned,
    facts.AgentWorked: _worked,
    facts.AgentEnteredQueue: _entered,
    facts.AgentLeftQueue: _left,
    facts.ForwardSet: _forwards,
    facts.ForwardCleared: _forwards_no_more,
    facts.DisturbanceChosen: _disturbance,
}
