from __future__ import annotations

import asyncio

from softswitch.core.clock import Clock
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.entropy import system_entropy


async def test_the_monotonic_clock_is_the_one_that_the_loops_timers_run_on() -> None:
    clock: Clock = SystemClock()
    before = clock.monotonic()
    assert before <= asyncio.get_running_loop().time() <= clock.monotonic()
    assert clock.wall() > 1_700_000_000


def test_tokens_of_the_system_differ() -> None:
    entropy = system_entropy()
    assert entropy.token() != entropy.token()
    assert entropy.token() != system_entropy().token()
