"""How long a caller will probably wait: a stated estimator.

Of a caller's agents, n in number, each takes whoever is first in the one order of all queues. So the wait T follows
from **T x n = h + the work ahead of the caller that these agents will do meanwhile**. Here h is how long the calls that
they have now keep an agent still, and work is callers times how long a call of their queue keeps an agent: ringing,
talk, wrap-up, and offers in vain, over about the last hundred calls. Ahead are in the caller's own part of the line all
of them, in any other part (another queue, other skills)

- as many of those who wait there, and of those who will come until T where that queue goes before, as these agents are
  of the agents who may take them,
- but no more than the agents that both have in common can do in T.

The sum grows ever more slowly with T, so there is one T. What it does not know: calls that agents make by themselves,
who is sent on to another queue, and what becomes of agents who are away for a moment.
``python -m bench.queue_estimate`` measures by how much it errs.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, NamedTuple

from softswitch.queues.figures.paces import Pace, Paces
from softswitch.queues.router.state import Entry, OrderKey, QueueState, RouterState

NOT_SERVING: Final = frozenset({"offline", "blocked", "status", "do-not-disturb"})
"""Reasons for not being free that do not pass by themselves soon."""
MOST_S: Final = 86_400.0
"""Nobody is told a longer wait."""


class Rivals(NamedTuple):
    """Callers of one part of the lines of whom the agents in question take some."""

    keys: list[OrderKey]
    part: float
    """Of them all, from 0 to 1, that these agents take."""
    common: int
    """How many agents both may be given to."""
    handling_s: float
    """How long a call of theirs keeps an agent."""
    rate: float
    """Callers a second who will come there and go before."""


class Outlook:
    """What callers of one queue who ask for the same skills can expect now.

    Args:
        state: who waits and who is logged in.
        paces: how fast queues go.
        queue: whose line.
        skills: what they ask for.
        now: wall time.
    """

    def __init__(self, state: RouterState, paces: Paces, queue: str, skills: tuple[str, ...], now: float) -> None:
        self._state = state
        self._paces = paces
        self._now = now
        found = state.queues.get(queue)
        self._agents = _serving(state, found, skills) if found is not None else set()
        self._own: list[OrderKey] = []
        self._rivals: list[Rivals] = []
        near = {name for user in self._agents for name in state.agents[user].queues if name in state.queues}
        pace = paces.queues.get(queue)
        self._handling_s = pace.handling_s if pace is not None and pace.served else 0.0
        self._still_s = self._mean_still(near)
        if found is not None and self._handling_s:
            for name in sorted(near):
                self._add(name, found, (queue, skills))

    def _mean_still(self, near: set[str]) -> float:
        """Return how long the calls that agents have now last still: of a queue of long ones there are more."""
        known = [each for name in near if (each := self._paces.queues.get(name)) is not None and each.served]
        work = [each.handling_s * each.rate_now(self._now) for each in known]
        total = sum(work)
        found = sum(each.handling_s * share for each, share in zip(known, work, strict=True))
        return found / total if total else self._handling_s

    def _add(self, name: str, own: QueueState, own_part: tuple[str, tuple[str, ...]]) -> None:
        """Note who waits in a queue that some of these agents serve, and who will come."""
        queue, pace = self._state.queues[name], self._paces.queues.get(name, Pace())
        handling_s = pace.handling_s if pace.served else self._handling_s
        before = queue.rules.rank < own.rules.rank
        parts = dict(queue.line.parts())
        for skills in parts.keys() | ({()} if before else set()):
            keys = parts.get(skills, [])
            if (name, skills) == own_part:
                self._own = keys
                continue
            theirs = _serving(self._state, queue, skills)
            common = len(theirs & self._agents)
            if common:
                rate = pace.rate_now(self._now) if before and not skills else 0.0
                self._rivals.append(Rivals(keys, common / len(theirs), common, handling_s, rate))

    def wait_s(self, entry: Entry) -> int | None:
        """Return how long an entry, which waits, will wait from now in seconds.

        None where the queue has served nobody yet, nobody serves it, or it would be longer than a day.
        """
        if not self._agents or not self._handling_s:
            return None
        own_s = self._still_s + self._handling_s * bisect_left(self._own, entry.order)
        ahead = [_Work(*_work_of(each, entry.order)) for each in self._rivals]
        wait_s = _solved(own_s, ahead, len(self._agents))
        return round(wait_s) if wait_s < MOST_S else None


class _Work(NamedTuple):
    """What agents have to do for one part of the lines before a caller's turn."""

    now_s: float
    comes: float
    """Seconds of work a second."""
    agents: int
    """Who do it, of those in question."""


def _work_of(rivals: Rivals, order: OrderKey) -> tuple[float, float, int]:
    share_s = rivals.part * rivals.handling_s
    return share_s * bisect_left(rivals.keys, order), share_s * rivals.rate, rivals.common


def _solved(own_s: float, rivals: list[_Work], agents: int) -> float:
    """Return T, from above: the sum is concave in it, so each of Newton's steps ends at or above the solution."""
    wait_s = MOST_S
    for _ in range(len(rivals) + 2):
        work_s, free = own_s, float(agents)
        for each in rivals:
            if each.now_s + each.comes * wait_s <= each.agents * wait_s:
                work_s, free = work_s + each.now_s, free - each.comes
            else:  # they do nothing else meanwhile
                free -= each.agents
        if free <= 0:
            return MOST_S
        if (found_s := work_s / free) >= wait_s:
            return wait_s
        wait_s = found_s
    return wait_s


def _serving(state: RouterState, queue: QueueState, skills: tuple[str, ...]) -> set[str]:
    """Return who takes calls of a queue from callers who ask for these skills, now or soon."""
    return {
        user
        for user in queue.logged_in
        if state.agents[user].why not in NOT_SERVING and (not skills or queue.skills[user].issuperset(skills))
    }
