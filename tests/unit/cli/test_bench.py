from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.cli.bench import in_words
from softswitch.simulation.media_bench import Figures

STEP = Figures("relay", 1000, 70.0, 14.0, 0.0, full=False, phones_too_slow=False)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        pytest.param(
            [STEP, replace(STEP, legs=1300, us_per_packet=12.0)],
            "Calls of two people: one core carries about 580 (1160 legs, 12 µs a packet); with 3 media workers this "
            "machine carries about 1740. It was not tried with more than 1300 legs.",
            id="nothing was lost",
        ),
        pytest.param(
            [STEP, replace(STEP, legs=1300, lost_percent=2.5, full=True)],
            "Calls of two people: one core carries about 500 (1000 legs, 14 µs a packet); with 3 media workers this "
            "machine carries about 1500. At 1300 legs 2.5 % of the packets were lost and the worker was full.",
            id="packets were lost",
        ),
        pytest.param(
            [replace(STEP, kind="rooms", legs=30, us_per_packet=40.0), replace(STEP, legs=60, phones_too_slow=True)],
            "Conferences of three: one core carries about 10 (30 legs, 40 µs a packet); with 3 media workers this "
            "machine carries about 30. At 60 legs the measuring phones were too slow, not the switch.",
            id="the phones were too slow",
        ),
        pytest.param(
            [replace(STEP, legs=100, lost_percent=1.0)],
            "Calls of two people: this machine did not carry even 100 legs cleanly.",
            id="nothing works",
        ),
    ],
)
def test_the_figures_are_said_in_words(steps: list[Figures], words: str) -> None:
    assert in_words(steps, cores=4) == words
