from __future__ import annotations

import asyncio
import math

import pytest

from softswitch.app.driver import Driver
from softswitch.app.garbage import IdleCollector
from softswitch.core.alarm import Alarm
from softswitch.simulation.clock import VirtualClock
from softswitch.simulation.virtual_loop import VirtualLoop


class FakeBrain:
    """Wants to be woken at given times, and keeps a diary."""

    def __init__(self, clock: VirtualClock, *deadlines: float) -> None:
        self.clock = clock
        self.alarm = Alarm()
        self.want(*deadlines)
        self.woken: list[float] = []
        self.turns = 0

    def handle_timer(self) -> None:
        now = self.clock.monotonic()
        self.woken.append(round(now, 6))
        self.want(*(each for each in self.deadlines if each > now))

    def want(self, *deadlines: float) -> None:
        self.deadlines = sorted(deadlines)
        self.alarm.at_s = min(deadlines, default=math.inf)

    def end_turn(self) -> None:
        self.turns += 1


def make(*deadlines: float) -> tuple[VirtualLoop, FakeBrain, Driver]:
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    brain = FakeBrain(clock, *deadlines)
    return loop, brain, Driver(loop, clock, brain, IdleCollector())


def run(loop: VirtualLoop, seconds: float) -> None:
    try:
        loop.run_until_complete(asyncio.sleep(seconds))
    finally:
        loop.close()


def test_the_brain_is_woken_at_its_deadlines_and_each_ends_a_turn() -> None:
    loop, brain, driver = make(0.5, 1.25, 4.0)
    driver.end_turn()
    run(loop, 10)
    assert brain.woken == [0.5, 1.25, 4.0]
    assert brain.turns == 4


def test_a_deadline_between_two_milliseconds_is_not_missed_by_waking_too_early() -> None:
    loop, brain, driver = make(0.5004)
    driver.end_turn()
    run(loop, 1)
    assert brain.woken == [0.501]


def test_an_earlier_deadline_moves_the_timer() -> None:
    loop, brain, driver = make(5.0)
    driver.end_turn()

    def sooner() -> None:
        brain.want(1.0, *brain.deadlines)

    loop.call_later(0.25, lambda: driver.in_turn(sooner))
    run(loop, 10)
    assert brain.woken == [1.0, 5.0]


def test_a_deadline_that_goes_away_costs_one_idle_wake_up_at_most() -> None:
    loop, brain, driver = make(2.0)
    driver.end_turn()
    loop.call_later(0.5, lambda: driver.in_turn(brain.deadlines.clear))
    run(loop, 10)
    assert brain.woken == [2.0]


def test_a_deadline_in_the_past_is_due_at_once() -> None:
    loop, brain, driver = make(-1.0)
    driver.end_turn()
    run(loop, 1)
    assert brain.woken == [0.0]


def test_a_defect_does_not_keep_the_turn_from_ending() -> None:
    def defect() -> None:
        raise ZeroDivisionError

    loop, brain, driver = make()
    with pytest.raises(ZeroDivisionError):
        driver.in_turn(defect)
    assert brain.turns == 1
    loop.close()


def test_a_closed_driver_wakes_nobody() -> None:
    loop, brain, driver = make(1.0)
    driver.end_turn()
    driver.close()
    run(loop, 5)
    assert brain.woken == []
