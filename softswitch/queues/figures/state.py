"""What queues and agents have done today (UTC): folded from the facts, changed by ``apply`` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue, AgentWorked
from softswitch.queues.figures import paces
from softswitch.queues.figures.paces import Paces
from softswitch.queues.router import facts
from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import DAY_S

SERVICE_LEVEL: Final = "answered within sla_s / (answered + abandoned after short_abandon_s or later)"


@dataclass(slots=True)
class QueueDay:
    """One queue's day."""

    entered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    """Within the queue's ``sla_s``."""
    abandoned: int = 0
    abandoned_at_once: int = 0
    """Of those: before ``short_abandon_s``; they do not count against the service level."""
    left: int = 0
    """By overflow, key, callback that failed ..."""
    callbacks: int = 0
    waited_s: float = 0.0
    """Of all who were answered."""
    longest_s: float = 0.0
    """Of all who were answered or gave up."""
    talked_s: float = 0.0
    finished: int = 0
    wrapped_s: float = 0.0
    """How long agents had to do something after its calls."""

    @property
    def handling_s(self) -> float:
        """Return how long a call keeps an agent on average: talk and wrap-up."""
        return (self.talked_s + self.wrapped_s) / self.finished if self.finished else 0.0

    @property
    def service_level(self) -> float | None:
        """Return the service level in percent, or None where nobody counts yet: see :data:`SERVICE_LEVEL`."""
        counted = self.answered + self.abandoned - self.abandoned_at_once
        return 100.0 * self.answered_in_time / counted if counted else None

    @property
    def talk_s(self) -> float:
        """Return how long a talk lasts on average."""
        return self.talked_s / self.finished if self.finished else 0.0


@dataclass(slots=True)
class AgentDay:
    """One agent's day."""

    offered: int = 0
    answered: int = 0
    rejected: int = 0
    missed: int = 0
    talked_s: float = 0.0
    finished: int = 0
    there_s: float = 0.0
    """Logged in to queues, but for the present log-in."""
    since_s: float = 0.0
    """Wall time of the present log-in; 0 for none."""

    def logged_in_s(self, now: float) -> float:
        """Return how long the agent has been logged in to queues today."""
        return self.there_s + (max(0.0, now - self.since_s) if self.since_s else 0.0)

    def occupancy(self, now: float) -> float | None:
        """Return which part of that time was talk, in percent, or None."""
        there_s = self.logged_in_s(now)
        return min(100.0, 100.0 * self.talked_s / there_s) if there_s else None


@dataclass(slots=True)
class Figures:
    """All of today."""

    day: int = 0
    queues: dict[str, QueueDay] = field(default_factory=dict)
    agents: dict[str, AgentDay] = field(default_factory=dict)
    logged_in: dict[str, set[str]] = field(default_factory=dict)
    """By agent: the queues."""
    thresholds: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By queue: ``sla_s`` and ``short_abandon_s``."""
    last_queue: dict[str, str] = field(default_factory=dict)
    """By agent: whose call they had last."""
    wrapping_since_s: dict[str, float] = field(default_factory=dict)
    """Agents who wrap such a call up: since when."""
    paces: Paces = field(default_factory=Paces)
    """How fast queues go, today or not."""

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        self.paces.apply(record)
        change = _CHANGES.get(type(record.fact))
        if change is not None:
            self.turn_to(record.wall_s)
            change(self, record.wall_s, record.fact)

    def turn_to(self, wall_s: float) -> None:
        """Begin another day where it is one."""
        day = int(wall_s // DAY_S)
        if day > self.day:
            self.day = day
            self.queues.clear()
            self.agents.clear()
            began_s = max(wall_s - wall_s % DAY_S, 1.0)
            self.agents.update((user, AgentDay(since_s=began_s)) for user, names in self.logged_in.items() if names)

    def queue(self, name: str) -> QueueDay:
        """Return a queue's day."""
        return self.queues.setdefault(name, QueueDay())

    def agent(self, user: str) -> AgentDay:
        """Return an agent's day."""
        return self.agents.setdefault(user, AgentDay())

    def values(self) -> tuple[Any, ...]:
        """Return the state as plain values, for a snapshot."""
        return (
            self.day,
            tuple((name, *astuple(day)) for name, day in self.queues.items()),
            tuple((user, *astuple(day)) for user, day in self.agents.items()),
            tuple((user, tuple(sorted(names))) for user, names in self.logged_in.items()),
            tuple((name, *limits) for name, limits in self.thresholds.items()),
            tuple(self.last_queue.items()),
            tuple(self.wrapping_since_s.items()),
            self.paces.values(),
        )

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        self.day, queues, agents, logged_in, thresholds, *later = values
        self.queues.update((name, QueueDay(*day)) for name, *day in queues)
        self.agents.update((user, AgentDay(*day)) for user, *day in agents)
        self.logged_in.update((user, set(names)) for user, names in logged_in)
        self.thresholds.update((name, (sla_s, short_s)) for name, sla_s, short_s in thresholds)
        last_queue, wrapping = later[:2] or ((), ())  # older snapshots have neither, or no paces
        self.last_queue.update(last_queue)
        self.wrapping_since_s.update(wrapping)
        for paces_ in later[2:]:
            self.paces.restore(paces_)


def _configured(figures: Figures, wall_s: float, fact: facts.QueueConfigured) -> None:
    rules = QueueRules.of(fact.rules)
    figures.thresholds[fact.queue] = (rules.sla_s, rules.short_abandon_s)


def _entered(figures: Figures, wall_s: float, fact: facts.QueueEntered) -> None:
    figures.queue(fact.queue).entered += 1


def _offered(figures: Figures, wall_s: float, fact: facts.QueueOffered) -> None:
    for user in fact.users:
        figures.agent(user).offered += 1


def _declined(figures: Figures, wall_s: float, fact: facts.QueueDeclined) -> None:
    agent = figures.agent(fact.user)
    agent.rejected += fact.how == "rejected"
    agent.missed += fact.how == "missed"


def _answered(figures: Figures, wall_s: float, fact: facts.QueueAnswered) -> None:
    queue = figures.queue(fact.queue)
    queue.answered += 1
    queue.answered_in_time += fact.waited_s <= figures.thresholds.get(fact.queue, (20.0, 5.0))[0]
    queue.waited_s += fact.waited_s
    queue.longest_s = max(queue.longest_s, fact.waited_s)
    figures.agent(fact.user).answered += 1


def _finished(figures: Figures, wall_s: float, fact: facts.QueueFinished) -> None:
    for day in (figures.queue(fact.queue), figures.agent(fact.user)):
        day.talked_s += fact.talk_s
        day.finished += 1
    figures.last_queue[fact.user] = fact.queue


def _worked(figures: Figures, wall_s: float, fact: AgentWorked) -> None:
    """Count what follows a call of a queue; a talk of one's own may have wrap-up too, and is no queue's."""
    if fact.step == "wraps_up" and fact.user in figures.last_queue:
        figures.wrapping_since_s[fact.user] = wall_s
    elif fact.step == "finished":
        since_s, queue = figures.wrapping_since_s.pop(fact.user, None), figures.last_queue.pop(fact.user, "")
        if since_s is not None:
            figures.queue(queue).wrapped_s += wall_s - since_s


def _left(figures: Figures, wall_s: float, fact: facts.QueueLeft) -> None:
    queue = figures.queue(fact.queue)
    if fact.how != "abandoned":
        queue.left += 1
        return
    queue.abandoned += 1
    queue.abandoned_at_once += fact.waited_s < figures.thresholds.get(fact.queue, (20.0, 5.0))[1]
    queue.longest_s = max(queue.longest_s, fact.waited_s)


def _callback(figures: Figures, wall_s: float, fact: facts.CallbackAsked) -> None:
    figures.queue(fact.queue).callbacks += 1


def _logged_in(figures: Figures, wall_s: float, fact: AgentEnteredQueue) -> None:
    names = figures.logged_in.setdefault(fact.user, set())
    if not names:
        figures.agent(fact.user).since_s = wall_s
    names.add(fact.queue)


def _logged_out(figures: Figures, wall_s: float, fact: AgentLeftQueue) -> None:
    names = figures.logged_in.setdefault(fact.user, set())
    names.discard(fact.queue)
    agent = figures.agent(fact.user)
    if not names and agent.since_s:
        agent.there_s, agent.since_s = agent.logged_in_s(wall_s), 0.0


_CHANGES: Final[dict[type, Callable[[Figures, float, Any], None]]] = {
    facts.QueueConfigured: _configured,
    facts.QueueEntered: _entered,
    facts.QueueOffered: _offered,
    facts.QueueDeclined: _declined,
    facts.QueueAnswered: _answered,
    facts.QueueFinished: _finished,
    facts.QueueLeft: _left,
    facts.CallbackAsked: _callback,
    AgentWorked: _worked,
    AgentEnteredQueue: _logged_in,
    AgentLeftQueue: _logged_out,
}

TOLD: Final = frozenset(_CHANGES) | paces.TOLD
"""The types of the facts that change something here."""
