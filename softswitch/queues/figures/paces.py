"""How fast queues go at present, which estimates need: folded from the router's facts, and no day's end changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from math import exp
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.queues.router import facts

REMEMBERED: Final = 100
"""Calls whose handling counts, about: the mean of the first so many, from then on each weighs a hundredth."""
RATE_S: Final = 3600.0
"""Callers who came so long ago count for 1/e of those who come now."""
AT_IT: Final = frozenset({"ringing", "serving", "wrap-up"})
"""What an agent does who was offered a call, until they are free again or do something else."""


@dataclass(slots=True)
class Pace:
    """One queue's."""

    served: int = 0
    handling_s: float = 0.0
    """How long a call takes of agents' time: from the offer to the end of its wrap-up, and all offers in vain."""
    in_vain_s: float = 0.0
    """Of offers that nobody took, since the last call that somebody did."""
    rate: float = 0.0
    """Callers a second at :attr:`rate_at_s`, the older the less they count."""
    rate_at_s: float = 0.0

    def rate_now(self, now: float) -> float:
        """Return how many callers a second come."""
        return self.rate * exp(-max(0.0, now - self.rate_at_s) / RATE_S)


@dataclass(slots=True)
class Paces:
    """All queues'."""

    queues: dict[str, Pace] = field(default_factory=dict)
    at_it: dict[str, tuple[str, float, bool]] = field(default_factory=dict)
    """By agent who was offered a call: of which queue, since when, and whether they have taken it."""

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        change = _CHANGES.get(type(record.fact))
        if change is not None:
            change(self, record.wall_s, record.fact)

    def values(self) -> tuple[Any, ...]:
        """Return the state as plain values, for a snapshot."""
        queues = tuple((name, *astuple(pace)) for name, pace in self.queues.items())
        return queues, tuple((user, *values) for user, values in self.at_it.items())

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        queues, at_it = values
        self.queues.update((name, Pace(*pace)) for name, *pace in queues)
        self.at_it.update((user, (queue, since_s, taken)) for user, queue, since_s, taken in at_it)


def _entered(paces: Paces, wall_s: float, fact: facts.QueueEntered) -> None:
    pace = paces.queues.setdefault(fact.queue, Pace())
    pace.rate, pace.rate_at_s = pace.rate_now(wall_s) + 1 / RATE_S, wall_s


def _offered(paces: Paces, wall_s: float, fact: facts.QueueOffered) -> None:
    for user in fact.users:
        paces.at_it[user] = (fact.queue, wall_s, False)


def _answered(paces: Paces, wall_s: float, fact: facts.QueueAnswered) -> None:
    queue, since_s, _ = paces.at_it.get(fact.user, (fact.queue, wall_s, False))
    paces.at_it[fact.user] = (queue, since_s, True)


def _turned(paces: Paces, wall_s: float, fact: facts.AgentTurned) -> None:
    if not fact.free and fact.why in AT_IT:
        return
    queue, since_s, taken = paces.at_it.pop(fact.user, ("", 0.0, False))
    if not queue:
        return
    pace = paces.queues.setdefault(queue, Pace())
    pace.in_vain_s += max(0.0, wall_s - since_s)
    if taken:
        pace.served += 1
        pace.handling_s += (pace.in_vain_s - pace.handling_s) / min(pace.served, REMEMBERED)
        pace.in_vain_s = 0.0


def _removed(paces: Paces, wall_s: float, fact: facts.QueueRemoved) -> None:
    paces.queues.pop(fact.queue, None)


_CHANGES: Final[dict[type, Callable[[Paces, float, Any], None]]] = {
    facts.QueueEntered: _entered,
    facts.QueueOffered: _offered,
    facts.QueueAnswered: _answered,
    facts.QueueRemoved: _removed,
    facts.AgentTurned: _turned,
}

TOLD: Final = frozenset(_CHANGES)
"""The types of the facts that change something here."""
