from __future__ import annotations

import random
import statistics
from collections import deque

import pytest

from softswitch.media.worker.rows import FRAME_TICKS, NEVER, TICK_US, Indices, Lengths
from softswitch.media.worker.sweep import Sweeper
from tests.unit.media.rig import Rig, either_way, rtp  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")

TICK_MS = TICK_US // 1000
PACKET = rtp(1)


class Nowhere:
    """A relay that drops what it takes: when packets are taken is all that matters here."""

    def make_room(self, rows: Indices) -> None:
        """Nothing is kept."""

    def relay(self, rows: Indices, lengths: Lengths, *, now: float) -> None:
        """Drop them."""


def sweeping(legs: int = 1) -> Rig:
    """Return a rig whose legs are swept into nowhere."""
    rig = Rig(max(legs, 2))
    rig.sweeper = Sweeper(rig.state, rig.backend, Nowhere())  # type: ignore[arg-type]  # the memory's backend
    rig.state.due[[rig.leg() for _ in range(legs)]] = 0
    return rig


def delays_ms(rig: Rig, *phones: list[float], ticks: int) -> list[float]:
    """Let the phones' packets come at their times while the ticks are made; return how long each waited."""
    coming = [deque(times_ms) for times_ms in phones]
    waiting: list[deque[float]] = [deque() for _ in phones]
    delays: list[float] = []
    for tick in range(ticks):
        now_ms = tick * TICK_MS
        for leg, times in enumerate(coming):
            while times and times[0] <= now_ms:
                waiting[leg].append(times.popleft())
                rig.backend.waiting[leg].append(PACKET)
        rig.sweeper.sweep(tick, now=now_ms / 1000, catching_up=False)
        for leg, queue in enumerate(waiting):
            while len(queue) > len(rig.backend.waiting[leg]):
                delays.append(now_ms - queue.popleft())
    return delays


def asked(rig: Rig, leg: int = 0) -> int:
    """Return how often a leg was swept."""
    return sum(rows.count(leg) for rows in rig.backend.sweeps)


def test_a_leg_is_swept_once_in_20_ms_and_now_and_then_a_second_time() -> None:
    rig = sweeping()
    delays_ms(rig, [2.0 + 20 * n for n in range(200)], ticks=200 * FRAME_TICKS)
    assert 200 <= asked(rig) <= 200 * 1.3


@pytest.mark.parametrize(("ppm", "jitter_ms"), [(0, 0.0), (1000, 1.0), (-1000, 1.0), (300, 2.0)])
def test_the_delay_stays_near_one_tick_while_clocks_drift(ppm: int, jitter_ms: float) -> None:
    rng = random.Random(1)
    step = 20 * (1 + ppm / 1e6)
    phones = [sorted(phase + step * n + rng.random() * jitter_ms for n in range(1000)) for phase in range(20)]
    delays = sorted(delays_ms(sweeping(20), *phones, ticks=1000 * FRAME_TICKS)[100:])
    assert statistics.fmean(delays) <= 2.5
    assert delays[len(delays) * 99 // 100] <= 6.0


@pytest.mark.parametrize("ptime_ms", [4, 10, 30, 60])
def test_other_packet_lengths_wait_no_longer(ptime_ms: int) -> None:
    rig = sweeping()
    rig.state.period[0] = ptime_ms // TICK_MS
    delays = delays_ms(rig, [1.0 + ptime_ms * n for n in range(300)], ticks=300 * ptime_ms // TICK_MS)
    assert statistics.fmean(delays[20:]) <= 4.5
    assert len(delays) >= 298


def test_a_phone_that_sends_more_often_than_it_said_is_heard_whole() -> None:
    delays = delays_ms(sweeping(), [10.0 * n for n in range(1000)], ticks=500 * FRAME_TICKS)
    assert len(delays) >= 980
    assert max(delays) <= 340


def test_a_burst_is_taken_within_seventeen_frames() -> None:
    assert len(delays_ms(sweeping(), [1.0] * 100, ticks=17 * FRAME_TICKS)) >= 16


def test_packets_that_come_late_and_together_are_taken_together() -> None:
    regular = [1.0 + 20 * n for n in range(50)]
    late = [1050.0, 1050.0, 1050.0]
    delays = delays_ms(sweeping(), regular + late, ticks=60 * FRAME_TICKS)
    assert len(set(delays[-3:])) == 1


@pytest.mark.parametrize("catching_up", [False, True])
def test_of_a_leg_that_is_flooded_a_bounded_number_is_taken_at_a_tick_and_the_others_wait_as_ever(
    catching_up: bool,
) -> None:
    """A hundred packets of its own phone wait on one of twenty legs at every tick."""

    def waits(*, flooded: bool) -> tuple[list[float], int]:
        rig, phones, most = sweeping(20), [[leg + 20.0 * n for n in range(50)] for leg in range(1, 20)], 0
        coming = [deque(times_ms) for times_ms in phones]
        waited: list[float] = []
        for tick in range(50 * FRAME_TICKS):
            now_ms = float(tick * TICK_MS)
            rig.backend.waiting[0] = [PACKET] * (100 * flooded)
            there = [bool(times) and times[0] <= now_ms for times in coming]
            for leg, came in enumerate(there, 1):
                rig.backend.waiting[leg] += [PACKET] * (came and not rig.backend.waiting[leg])
            rig.sweeper.sweep(tick, now=now_ms / 1000, catching_up=catching_up)
            most = max(most, 100 * flooded - len(rig.backend.waiting[0]))
            for leg, times in enumerate(coming, 1):
                if there[leg - 1] and not rig.backend.waiting[leg]:
                    waited.append(now_ms - times.popleft())
        return waited, most

    quiet, flooded = waits(flooded=False), waits(flooded=True)
    assert flooded[0] == quiet[0]
    assert len(quiet[0]) >= 19 * 49
    assert quiet[1] == 0 < flooded[1] <= 17


def test_after_missed_ticks_everything_that_waits_is_taken_at_once() -> None:
    rig = sweeping(4)
    for leg in range(4):
        rig.backend.waiting[leg] += [PACKET] * 3
    rig.sweeper.sweep(101, now=0.505, catching_up=True)
    assert all(not rig.backend.waiting[leg] for leg in range(4))


def test_a_silent_leg_is_asked_every_20_ms_only() -> None:
    rig = sweeping()
    delays_ms(rig, [], ticks=250 * FRAME_TICKS)
    assert 250 <= asked(rig) <= 300 + 12 * FRAME_TICKS


def test_a_leg_that_was_silent_is_heard_again_in_its_phase() -> None:
    delays = delays_ms(sweeping(), [5003.0 + 20 * n for n in range(100)], ticks=400 * FRAME_TICKS)
    assert max(delays) <= 20
    assert max(delays[2:]) <= 8


def test_a_row_that_is_not_due_is_not_swept() -> None:
    rig = sweeping()
    rig.state.due[0] = NEVER
    rig.backend.waiting[0].append(PACKET)
    rig.sweeper.sweep(10, now=0.05, catching_up=False)
    assert rig.backend.sweeps == []
