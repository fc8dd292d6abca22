from __future__ import annotations

import asyncio

from softswitch.simulation.clock import START_WALL_S, VirtualClock
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually


def test_wall_time_follows_monotonic_time_from_its_own_start() -> None:
    async def script(loop: VirtualLoop) -> tuple[float, float]:
        clock = VirtualClock(loop)
        await asyncio.sleep(90)
        return clock.monotonic() - 5.0, clock.wall() - START_WALL_S

    assert run_virtually(script, start_s=5.0) == (90.0, 90.0)


def test_a_step_of_the_wall_clock_leaves_monotonic_time_alone() -> None:
    async def script(loop: VirtualLoop) -> tuple[float, float]:
        clock = VirtualClock(loop, 1000.0)
        clock.step_wall(-300.0)
        return clock.monotonic(), clock.wall()

    assert run_virtually(script) == (0.0, 700.0)
