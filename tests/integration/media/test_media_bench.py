from __future__ import annotations

import pytest

from softswitch.simulation.media_bench import measure_step


@pytest.mark.parametrize(("kind", "legs"), [("rooms", 21)])
def test_phones_talk_to_a_worker_and_hear_each_other(kind: str, legs: int) -> None:
    tries = (measure_step(kind, legs, seconds=0.5) for _ in range(10))  # a busy machine may lose half of them
    figures = next(found for found in tries if found.lost_percent < 50)
    assert (figures.kind, figures.legs) == (kind, legs)
    assert figures.core_percent > 0
