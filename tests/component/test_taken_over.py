"""What a brain makes of deadlines that came, or were about to come, while nobody was there."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.death import Death
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World


@pytest.mark.parametrize("away_s", [3.0, 4.9, 5.1, 12.0])  # ports may take 5 s
def test_a_call_that_waited_for_its_ports_gets_them_after_a_pause_of_any_length(away_s: float) -> None:
    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 3, Setting())
        anna, boris = await world.registered("anna"), await world.registered("boris")
        world.switch.deaths = [Death(world.switch.turns + 1, lets_out=0, away_s=away_s)]
        world.switch.media.slow_s = 1.0
        await anna.dial("102")
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        assert world.switch.deaths == []
        await anna.call.hang_up()
        await world.settle()

    run_virtually(run)


def test_an_answer_that_came_while_nobody_was_there_comes_before_the_end_of_the_wait_for_it() -> None:
    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 3, Setting())
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        call = await boris.until_called()
        await anna.call.until(CallState.RINGING)
        await asyncio.sleep(58)  # it may ring for 60 s
        world.switch.deaths = [Death(world.switch.turns + 1, away_s=4.0)]
        world.switch.in_turn(lambda: None)
        await asyncio.sleep(1)
        call.answer()
        await anna.call.until(CallState.UP)
        await anna.call.hang_up()
        await world.settle()

    run_virtually(run)
