from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import Enum

from softswitch.core.state_table import Word
from softswitch.sip.timers import TimerQueue, Timers


class Kind(Word):
    ONE = "one"
    TWO = "two"


@dataclass(eq=False)
class Owner:
    fired: list[tuple[float, Kind]] = field(default_factory=list)

    def expire(self, kind: Enum, now: float) -> None:
        assert isinstance(kind, Kind)
        self.fired.append((now, kind))


def run(queue: TimerQueue, until: float = 1e9) -> None:
    while (deadline := queue.next_deadline()) is not None and deadline <= until:
        queue.fire(deadline)


def test_timers_fire_at_their_deadlines_in_order_whatever_their_delay() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.start(owner, Kind.ONE, 32.0, 0.0)
    queue.start(owner, Kind.TWO, 0.7, 0.0)
    queue.start(owner, Kind.ONE, 0.5, 0.0)
    run(queue)
    assert owner.fired == [(0.5, Kind.ONE), (0.7, Kind.TWO), (32.0, Kind.ONE)]


def test_equal_deadlines_fire_in_the_order_of_their_start() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.start(owner, Kind.ONE, 1.0, 3.5)
    queue.start(owner, Kind.TWO, 0.5, 4.0)
    queue.start(owner, Kind.ONE, 4.0, 0.5)
    queue.fire(4.5)
    assert [kind for _, kind in owner.fired] == [Kind.ONE, Kind.TWO, Kind.ONE]


def test_a_stopped_timer_neither_fires_nor_is_the_next() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    first = queue.start(owner, Kind.ONE, 0.5, 0.0)
    odd = queue.start(owner, Kind.ONE, 0.25, 0.0)
    queue.start(owner, Kind.TWO, 32.0, 0.0)
    queue.stop(first)
    queue.stop(odd)
    queue.stop(first)
    queue.stop(None)
    assert queue.live == 1
    assert queue.next_deadline() == 32.0
    run(queue)
    assert owner.fired == [(32.0, Kind.TWO)]


def test_only_started_timers_count_as_live_and_not_lingering_ones() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.linger(owner, Kind.ONE, 32.0, 0.0)
    timer = queue.start(owner, Kind.TWO, 32.0, 0.0)
    assert queue.live == 1
    run(queue)
    queue.stop(timer)
    assert queue.live == 0
    assert len(owner.fired) == 2


def test_what_only_absorbs_retransmissions_lapses_with_whatever_is_due_or_a_moment_later() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.lapse(owner, Kind.ONE, 5.0, 0.0)
    queue.lapse(owner, Kind.TWO, 5.0, 0.1)
    assert queue.live == 0
    assert queue.next_deadline() == 5.25
    queue.fire(4.9)
    assert owner.fired == []
    queue.start(owner, Kind.ONE, 0.5, 4.5)
    assert queue.next_deadline() == 5.0
    queue.fire(5.0)
    assert owner.fired == [(5.0, Kind.ONE), (5.0, Kind.ONE)]
    run(queue)
    assert owner.fired[2:] == [(5.35, Kind.TWO)]
    assert queue.next_deadline() is None


def test_the_next_deadline_follows_each_start_and_stop() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    late = queue.start(owner, Kind.ONE, 32.0, 0.0)
    assert queue.next_deadline() == 32.0
    soon = queue.start(owner, Kind.ONE, 0.5, 0.0)
    assert queue.next_deadline() == 0.5
    queue.stop(soon)
    assert queue.next_deadline() == 32.0
    queue.stop(late)
    assert queue.next_deadline() is None
    queue.start(owner, Kind.TWO, 0.7, 1.0)
    assert queue.next_deadline() == 1.7


def test_a_clock_that_was_read_late_does_not_put_a_line_out_of_order() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.start(owner, Kind.ONE, 0.5, 10.0)
    queue.start(owner, Kind.TWO, 0.5, 9.0)
    assert queue.next_deadline() == 9.5
    run(queue)
    assert [kind for _, kind in owner.fired] == [Kind.TWO, Kind.ONE]


def test_a_timer_started_by_a_firing_one_fires_in_the_same_sweep_if_it_is_due() -> None:
    queue = TimerQueue(Timers())

    class Chain(Owner):
        def expire(self, kind: Enum, now: float) -> None:
            super().expire(kind, now)
            if len(self.fired) < 3:
                queue.start(self, Kind.TWO, 0.0, now)

    owner = Chain()
    queue.start(owner, Kind.ONE, 0.5, 0.0)
    queue.fire(0.5)
    assert len(owner.fired) == 3
    assert queue.next_deadline() is None


def test_random_starts_and_stops_agree_with_a_sorted_list() -> None:
    rng = random.Random(7)
    queue, owner = TimerQueue(Timers()), Owner()
    expected = []
    for step in range(2000):
        now = step * 0.01
        delay = rng.choice([0.5, 4.0, 5.0, 32.0, rng.random() * 10])
        timer = queue.start(owner, Kind.ONE, delay, now)
        queue.next_deadline()
        if rng.random() < 0.6:
            queue.stop(timer)
        else:
            expected.append(now + delay)
    assert queue.live == len(expected)
    run(queue)
    assert [at for at, _ in owner.fired] == sorted(expected)


def test_the_base_values_are_those_of_the_rfc() -> None:
    timers = Timers()
    assert (timers.t1_s, timers.t2_s, timers.t4_s, timers.give_up_s) == (0.5, 4.0, 5.0, 32.0)


def test_long_timers_that_are_stopped_do_not_pile_up() -> None:
    queue, owner = TimerQueue(Timers()), Owner()
    queue.start(owner, Kind.TWO, 3600.0, 0.0)
    for number in range(5000):
        queue.stop(queue.start(owner, Kind.ONE, 3600.0, number / 250))
        queue.start(owner, Kind.ONE, 0.1, number / 250)
        queue.fire(number / 250)
    line = queue._lines[3600.0]
    assert len(line.timers) < 600
    assert line.stopped == sum(timer.owner is None for timer in line.timers)
    run(queue)
    assert len(owner.fired) == 5001
    assert queue.live == 0
