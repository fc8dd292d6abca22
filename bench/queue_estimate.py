"""By how much the wait that a caller is told differs from the wait that comes.

Usage: python -m bench.queue_estimate [--seed N] [--callers N]

Random loads run through the router that the switch uses, on virtual time: Poisson arrivals, exponential talks, 3 s of
ringing, 15 s of wrap-up, callers without end of patience. Each who has to wait is given an estimate as they come. Of
each kind of centre several are drawn, with loads from 0.7 to 0.97; per kind are told the mean wait, the mean estimate
(the two are equal where it is right on average), the mean error, and the mean error of who knows the mean wait of their
queue and nothing else.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, NamedTuple

from bench.measuring import report
from softswitch.core.facts import Record
from softswitch.queues.figures.estimate import Outlook
from softswitch.queues.figures.paces import Paces
from softswitch.queues.router.rules import RANKS, Member, QueueRules
from softswitch.simulation.queue_run import Arrival, QueueRun, Staff

ANSWER_S, WRAP_UP_S = 3.0, 15.0
CENTRES: Final = 6
"""Of each kind."""
LANGUAGES: Final = ((), ("english",), ("english", "tax"))


class Centre(NamedTuple):
    """Queues, who serves them, and how callers spread."""

    rules: list[QueueRules]
    staff: list[Staff]
    talk_s: dict[str, float]
    """By queue: how long a talk lasts on average."""
    asks: tuple[tuple[str, ...], ...] = ((),)
    """What callers ask for, all of it alike often."""


def alone(chance: Random) -> Centre:
    """Make one queue whose agents serve no other."""
    return _centre(chance, queues=1, agents=chance.randint(3, 20), each=1)


def shared(chance: Random) -> Centre:
    """Make ten queues, of which each agent serves five."""
    return _centre(chance, queues=10, agents=chance.randint(15, 30), each=5)


def ranked(chance: Random) -> Centre:
    """Make three queues with the same agents, of which one goes before and one behind."""
    return _centre(chance, queues=3, agents=chance.randint(5, 20), each=3, ranks=tuple(RANKS.values()))


def skilled(chance: Random) -> Centre:
    """Make one queue with agents of whom a half speaks English and a quarter knows taxes too, and callers who ask."""
    return _centre(chance, queues=1, agents=4 * chance.randint(2, 5), each=1, skills=LANGUAGES)


KINDS: Final[dict[str, Callable[[Random], Centre]]] = {
    "one_queue_alone": alone,
    "agents_in_five_queues": shared,
    "three_ranks": ranked,
    "skills": skilled,
}


def _centre(
    chance: Random,
    *,
    queues: int,
    agents: int,
    each: int,
    ranks: tuple[int, ...] = (1,),
    skills: tuple[tuple[str, ...], ...] = ((),),
) -> Centre:
    names = [f"q{n}" for n in range(queues)]
    serves = {f"agent{n}": tuple(names[(n + k) % queues] for k in range(each)) for n in range(agents)}
    has = {user: skills[(0, 1, 0, 2)[n % 4] % len(skills)] for n, user in enumerate(serves)}
    members = {name: tuple(Member(user, 1, has[user]) for user in serves if name in serves[user]) for name in names}
    rules = [QueueRules(name, ranks[n % len(ranks)], members=members[name]) for n, name in enumerate(names)]
    staff = [Staff(user, served, ANSWER_S, WRAP_UP_S) for user, served in serves.items()]
    return Centre(rules, staff, {name: chance.uniform(60, 300) for name in names}, skills)


def arrivals(centre: Centre, load: float, callers: int, chance: Random) -> Iterator[Arrival]:
    """Let callers come; of skills few are asked for, so that those who have them can do it."""
    mean_s = statistics.mean(centre.talk_s.values()) + ANSWER_S + WRAP_UP_S
    now, names = 0.0, [rules.name for rules in centre.rules]
    for _ in range(callers):
        now += chance.expovariate(load * len(centre.staff) / mean_s)
        name = chance.choice(names)
        asks = centre.asks[0] if chance.random() < 0.6 else chance.choice(centre.asks)
        yield Arrival(now, name, chance.expovariate(1 / centre.talk_s[name]), skills=asks)


class Told(QueueRun):
    """A run whose callers are told how long they will wait."""

    def __init__(self, centre: Centre) -> None:
        super().__init__(centre.rules, centre.staff)
        self.paces = Paces()
        self.estimates: list[int | None] = []

    def _place(self, fact: object, conversation_id: str) -> Record:
        record = super()._place(fact, conversation_id)
        self.paces.apply(record)
        return record

    def _arrives(self, arrival: Arrival) -> None:
        super()._arrives(arrival)
        entry = self.state.entries.get(self.state.entered)
        if entry is None or not entry.is_waiting:
            self.estimates.append(None)
            return
        outlook = Outlook(self.state, self.paces, arrival.queue, arrival.skills, arrival.at_s)
        self.estimates.append(outlook.wait_s(entry))


def error_of(kind: Callable[[Random], Centre], callers: int, seed: int) -> dict[str, float]:
    """Run several centres of a kind; return the figures of all who waited."""
    pairs: list[tuple[float, float]] = []
    blind: list[float] = []
    for number in range(CENTRES):
        chance = Random(f"{seed}/{number}")  # noqa: S311  # a reproducible run is wanted
        centre = kind(chance)
        run = Told(centre)
        outcomes = run.run(arrivals(centre, chance.uniform(0.7, 0.97), callers, chance)).outcomes
        found = zip(run.estimates[callers // 20 :], outcomes[callers // 20 :], strict=True)
        told = [(guess, each) for guess, each in found if guess is not None]
        pairs += [(guess, each.waited_s) for guess, each in told]
        waits: dict[tuple[str, tuple[str, ...]], list[float]] = defaultdict(list)
        for _, each in told:
            waits[each.arrival.queue, each.arrival.skills].append(each.waited_s)
        blind += [abs(one - statistics.mean(theirs)) for theirs in waits.values() for one in theirs]
    return {
        "waited": len(pairs),
        "mean_wait_s": statistics.mean(waited for _, waited in pairs),
        "mean_estimate_s": statistics.mean(guess for guess, _ in pairs),
        "mean_error_s": statistics.mean(abs(guess - waited) for guess, waited in pairs),
        "mean_error_of_the_mean_s": statistics.mean(blind),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callers", type=int, default=5000)
    options = parser.parse_args()
    report("queue_estimate", {name: error_of(kind, options.callers, options.seed) for name, kind in KINDS.items()})


if __name__ == "__main__":
    main()
