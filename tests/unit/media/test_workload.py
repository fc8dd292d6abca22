from __future__ import annotations

import pytest

from softswitch.media.worker.workload import Workload


def second(workload: Workload, *done_after_s: float) -> bool:
    """Let a second of ticks pass that are done so late, one after the other; tell whether something changed."""
    return [workload.note(done_after_s[number % len(done_after_s)]) for number in range(250)][-1]


@pytest.mark.parametrize(
    ("ticks", "full"),
    [
        pytest.param((0.003,), False, id="idle"),
        pytest.param((0.015,), False, id="busy"),
        pytest.param((0.017,), True, id="too busy"),
        pytest.param((0.017, 0.001, 0.001, 0.001, 0.001), True, id="one tick a frame, where rooms are mixed"),
        pytest.param((0.2, *[0.001] * 49), False, id="some ticks late by accident"),
    ],
)
def test_a_worker_is_full_by_when_its_ticks_are_done(ticks: tuple[float, ...], full: bool) -> None:
    workload = Workload()
    assert second(workload, *ticks) is full
    assert workload.full is full


def test_it_has_room_again_well_below_where_it_became_full() -> None:
    workload = Workload()
    second(workload, 0.018)
    assert not second(workload, 0.012)
    assert workload.full
    assert second(workload, 0.009)
    assert not workload.full


def test_nothing_is_judged_before_a_second_has_passed() -> None:
    workload = Workload()
    assert not any(workload.note(0.1) for _ in range(249))
    workload.forget()
    assert not any(workload.note(0.1) for _ in range(249))
