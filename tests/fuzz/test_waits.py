"""How long callers wait: exactly as in a plain line, and on average as Erlang's formula says.

``make fuzz`` lets two million callers arrive for each load; the gate compares 20,000 of them with a reference.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import exp, factorial
from random import Random
from typing import NamedTuple

import pytest

from softswitch.core.facts import Record
from softswitch.queues.router.facts import QueueAnswered
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.strategies.registry import SHIPPED
from softswitch.simulation.queue_run import Arrival, QueueRun, Staff
from tests.fuzz.conftest import scale

AGENTS = 10
TALK_S = 180.0
ARRIVALS = scale(4_000, 2_000_000)
WITHIN_S = 20.0


def arrivals(load: float, number: int, seed: int) -> Iterator[Arrival]:
    """Callers as Erlang has them: they come at any time alike, talk for exponential times, wait for ever."""
    chance, now = Random(seed), 0.0
    for _ in range(number):
        now += chance.expovariate(load * AGENTS / TALK_S)
        yield Arrival(now, "q", chance.expovariate(1 / TALK_S))


def staffed(strategy: str = "longest_idle") -> tuple[list[QueueRules], list[Staff]]:
    staff = [Staff(f"agent{n}", ("q",)) for n in range(AGENTS)]
    members = tuple(Member(each.user, 1 + n % 3) for n, each in enumerate(staff))
    return [QueueRules("q", strategy=strategy, members=members)], staff


class Measured(QueueRun):
    """A run that counts waits and keeps nothing of whoever is gone."""

    def __init__(self, warm_up: int) -> None:
        super().__init__(*staffed())
        self.left = warm_up
        self.callers = self.waited = self.late = 0
        self.wait_s = 0.0

    def _place(self, fact: object, conversation_id: str) -> Record:
        if isinstance(fact, QueueAnswered):
            self._answered_after(fact)
        return super()._place(fact, conversation_id)

    def _answered_after(self, fact: QueueAnswered) -> None:
        self.result.outcomes.clear()
        if self.left > 0:
            self.left -= 1
            return
        self.callers += 1
        self.waited += fact.waited_s > 0
        self.late += fact.waited_s > WITHIN_S
        self.wait_s += fact.waited_s


class Erlang(NamedTuple):
    """What Erlang C says of a line."""

    waits: float
    """The part of the callers who wait at all."""
    late: float
    """The part who wait for longer than :data:`WITHIN_S`."""
    wait_s: float
    """The mean of all."""


def erlang_c(load: float) -> Erlang:
    """A. K. Erlang, 1917: M/M/n, callers wait for ever."""
    offered = load * AGENTS
    top = offered**AGENTS / factorial(AGENTS) / (1 - load)
    waits = top / (sum(offered**k / factorial(k) for k in range(AGENTS)) + top)
    leave_rate = (AGENTS - offered) / TALK_S
    return Erlang(waits, waits * exp(-leave_rate * WITHIN_S), waits / leave_rate)


def plain_line(callers: list[Arrival]) -> list[float]:
    """The waits in a first-come-first-served line: each is taken by whoever is free first."""
    free_at = [0.0] * AGENTS
    waits = []
    for caller in callers:
        begins = max(caller.at_s, heapq.heappop(free_at))
        waits.append(begins - caller.at_s)
        heapq.heappush(free_at, begins + caller.talk_s)
    return waits


@pytest.mark.parametrize("strategy", sorted(SHIPPED))
def test_whatever_the_strategy_callers_wait_exactly_as_long_as_in_a_plain_line(strategy: str) -> None:
    callers = list(arrivals(0.9, 20_000 if strategy == "longest_idle" else 1_000, seed=1))
    run = QueueRun(*staffed(strategy))
    waits = [each.waited_s for each in run.run(callers).outcomes]
    assert waits == pytest.approx(plain_line(callers), abs=1e-6)
    assert max(waits) > 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("load", [0.6, 0.8, 0.9])
def test_waits_are_those_of_erlang_c(load: float, capsys: pytest.CaptureFixture[str]) -> None:
    run = Measured(warm_up=ARRIVALS // 100)
    run.run(arrivals(load, ARRIVALS, seed=int(load * 10)))
    says = erlang_c(load)
    got = Erlang(run.waited / run.callers, run.late / run.callers, run.wait_s / run.callers)
    # What is left of chance goes down with the root of the number; two million callers are to be within 3 %.
    most = 0.03 * (2_000_000 / ARRIVALS) ** 0.5
    with capsys.disabled():
        print(f"\nload {load}, {run.callers} callers: measured {got}, Erlang C {says}")  # noqa: T201  # the figures
    for measured, wanted in zip(got, says, strict=True):
        assert measured == pytest.approx(wanted, rel=most)
