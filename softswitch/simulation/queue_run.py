"""Queues without telephones: arrivals, patience and talk times through the very router that the switch uses.

Tests compare it with plain references, ``softswitch whatif`` replays the past with it. Time is a heap of moments;
nothing is drawn by chance but what the router draws.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from softswitch.core.facts import Record
from softswitch.core.immutable import immutable
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.deadlines import deadline_of
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import RouterState


@immutable
class Arrival:
    """Somebody who calls a queue."""

    at_s: float
    queue: str
    talk_s: float
    """How long the agent will talk with them."""
    patience_s: float = float("inf")
    """After how long of waiting they hang up."""
    number: str = ""
    priority: int = 0
    skills: tuple[str, ...] = ()
    """What the agent must have."""


@immutable
class Staff:
    """Somebody who serves queues."""

    user: str
    queues: tuple[str, ...]
    answer_s: float = 0.0
    """How long the phone rings before it is answered."""
    wrap_up_s: float = 0.0
    from_s: float = 0.0
    until_s: float = float("inf")


@dataclass(slots=True)
class Outcome:
    """What became of an arrival."""

    arrival: Arrival
    waited_s: float = 0.0
    how: str = ""
    """``answered``, or as :class:`softswitch.queues.router.facts.QueueLeft` says it."""
    user: str = ""


@dataclass(slots=True)
class Result:
    """What became of all of them."""

    outcomes: list[Outcome] = field(default_factory=list)
    facts: list[object] = field(default_factory=list)


class QueueRun:
    """One run.

    Args:
        rules: the queues.
        staff: who serves them.
        keep_facts: whether the result holds all facts.
    """

    def __init__(self, rules: Sequence[QueueRules], staff: Iterable[Staff], *, keep_facts: bool = False) -> None:
        self.state = RouterState()
        self.result = Result()
        self._rules = tuple(rules)
        self._staff = {each.user: each for each in staff}
        self._keep_facts = keep_facts
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._now = 0.0
        self._waiting: dict[int, Outcome] = {}

    def run(self, arrivals: Iterable[Arrival]) -> Result:
        """Let everybody arrive, and everything come to its end."""
        self._say(events.Configure(self._rules))
        for each in self._staff.values():
            self._at(each.from_s, lambda each=each: self._begins(each))  # type: ignore[misc]  # bound now
            if each.until_s != float("inf"):
                self._at(each.until_s, lambda each=each: self._ends(each))  # type: ignore[misc]  # bound now
        for arrival in arrivals:
            self._advance(arrival.at_s)
            self._now = arrival.at_s
            self._arrives(arrival)
        self._advance(float("inf"))
        return self.result

    def _at(self, moment: float, work: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (moment, self._count, work))

    def _advance(self, until_s: float) -> None:
        while self._heap and self._heap[0][0] <= until_s:
            self._now, _, work = heapq.heappop(self._heap)
            work()

    def _place(self, fact: object, conversation_id: str) -> Record:
        if self._keep_facts:
            self.result.facts.append(fact)
        return Record(0, self._now, conversation_id, fact)

    def _say(self, event: events.Event) -> None:
        for record in take(self.state, event, self._now, self._place):
            follow = _FOLLOWED.get(type(record.fact))
            if follow is not None:
                follow(self, record.fact)

    def _begins(self, each: Staff) -> None:
        for queue in each.queues:
            apply(self.state, self._place(AgentEnteredQueue(each.user, queue, "run"), ""))
        self._say(events.Turn(each.user, free=True, why=""))

    def _ends(self, each: Staff) -> None:
        for queue in each.queues:
            apply(self.state, self._place(AgentLeftQueue(each.user, queue, "run"), ""))
        self._say(events.LookAgain(each.user))

    def _arrives(self, arrival: Arrival) -> None:
        outcome = Outcome(arrival)
        self.result.outcomes.append(outcome)
        number = self.state.entered + 1
        self._waiting[number] = outcome
        self._say(events.Enter("", arrival.queue, arrival.number, arrival.priority, arrival.skills))
        if number in self._waiting and arrival.patience_s != float("inf"):
            self._at(self._now + arrival.patience_s, lambda: self._say(events.Leave(number, "abandoned")))
        self._arm(number)

    def _arm(self, number: int) -> None:
        entry = self.state.entries.get(number)
        if entry is None:
            return
        moment = deadline_of(entry, self._rules_of(entry.queue))
        if moment is not None:
            self._at(max(moment, self._now), lambda: self._due(number, moment))

    def _due(self, number: int, moment: float) -> None:
        entry = self.state.entries.get(number)
        if entry is not None and deadline_of(entry, self._rules_of(entry.queue)) == moment:
            self._say(events.Due(number))
            self._arm(number)

    def _rules_of(self, queue: str) -> QueueRules | None:
        found = self.state.queues.get(queue)
        return None if found is None else found.rules

    def _offered(self, fact: facts.QueueOffered) -> None:
        quickest = min(fact.users, key=lambda user: self._staff[user].answer_s)
        answer_s = self._staff[quickest].answer_s
        if self._now + answer_s < fact.until_s:
            self._at(self._now + answer_s, lambda: self._answers(fact.entry, quickest))
        self._arm(fact.entry)

    def _answers(self, number: int, user: str) -> None:
        entry = self.state.entries.get(number)
        if entry is not None and user in entry.offered:
            self._say(events.Answer(number, user, ""))

    def _answered(self, fact: facts.QueueAnswered) -> None:
        outcome = self._waiting[fact.entry]
        outcome.waited_s, outcome.how, outcome.user = fact.waited_s, "answered", fact.user
        self._at(self._now + outcome.arrival.talk_s, lambda: self._say(events.Finish(fact.entry)))

    def _finished(self, fact: facts.QueueFinished) -> None:
        del self._waiting[fact.entry]
        self._at(self._now + self._staff[fact.user].wrap_up_s, lambda: self._frees(fact.user))

    def _declined(self, fact: facts.QueueDeclined) -> None:
        self._at(self._now, lambda: self._frees(fact.user))
        self._at(self._now, lambda: self._arm(fact.entry))

    def _left(self, fact: facts.QueueLeft) -> None:
        outcome = self._waiting.pop(fact.entry)
        outcome.waited_s, outcome.how = fact.waited_s, fact.how

    def _frees(self, user: str) -> None:
        self._say(events.Turn(user, free=True, why=""))


_FOLLOWED: dict[type, Callable[[QueueRun, object], None]] = {
    facts.QueueOffered: QueueRun._offered,  # type: ignore[dict-item]  # by the fact's type
    facts.QueueAnswered: QueueRun._answered,  # type: ignore[dict-item]
    facts.QueueFinished: QueueRun._finished,  # type: ignore[dict-item]
    facts.QueueDeclined: QueueRun._declined,  # type: ignore[dict-item]
    facts.QueueLeft: QueueRun._left,  # type: ignore[dict-item]
}
