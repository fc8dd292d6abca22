"""A day of a contact centre through the whole switch: each call ends once, and the same seed gives the same octets.

``make fuzz`` takes 20,000 calls, 200 agents and 30 queues, which have to pass in less than five minutes.
"""

from __future__ import annotations

import pytest

from bench.queue_day import Day, Result, run_day
from tests.fuzz.conftest import scale

CALLS = scale(60, 20_000)
WHOLE = CALLS >= 20_000
MOST_S = 300.0


def day() -> Result:
    return run_day(Day(CALLS) if WHOLE else Day(CALLS, agents=6, queues=3, hours=CALLS / 120))


@pytest.mark.timeout(3600)
def test_a_day_passes_and_passes_again_octet_by_octet() -> None:
    first, again = day(), day()
    assert first.answered + first.abandoned == CALLS, "every entry ends once"
    assert first.answered > first.abandoned
    assert (first.datagrams, first.datagrams_digest) == (again.datagrams, again.datagrams_digest)
    assert (first.facts, first.facts_digest) == (again.facts, again.facts_digest)
    if WHOLE:
        assert min(first.cpu_s, again.cpu_s) < MOST_S
