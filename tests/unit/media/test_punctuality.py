from __future__ import annotations

from softswitch.media.worker.punctuality import Punctuality
from softswitch.media.worker_health import LATENESS_STEPS_MS


def counted(punctuality: Punctuality) -> dict[float, int]:
    steps = [*LATENESS_STEPS_MS, float("inf")]
    return {step: count for step, count in zip(steps, punctuality.counts, strict=True) if count}


def test_a_tick_counts_at_the_step_that_it_was_no_later_than() -> None:
    punctuality = Punctuality()
    for late_s in (-0.001, 0.0, 0.00025, 0.0003, 0.005, 0.0501):
        punctuality.note(late_s)
    assert counted(punctuality) == {0.25: 3, 0.5: 1, 5.0: 1, float("inf"): 1}


def test_ticks_that_were_missed_are_as_late_as_the_one_that_made_up_for_them() -> None:
    punctuality = Punctuality()
    punctuality.note(0.001, missed=3, period_s=0.004)
    assert counted(punctuality) == {1.0: 1, 5.0: 1, 12.0: 1, 20.0: 1}
