from __future__ import annotations

import pytest

from softswitch.simulation.media_bench import measure_step


@pytest.mark.parametrize(("kind", "legs"), [("rooms", 21)])
def test_phones_talk_to_a_worker_and_hear_each_other(kind: str, legs: int) -> None:
    figures = measure_step(kind, legs, seconds=0.5)
    assert (figures.kind, figures.legs) == (kind, legs)
    assert figures.lost_percent < 50
    assert figures.core_percent > 0
