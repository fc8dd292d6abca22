"""Calls that last for hours: they stay as long as both phones live, and no leg outlives its phone for long."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


async def connected(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)


@behaviour()
async def test_a_call_between_living_phones_lasts(world: World) -> None:
    await connected(world)
    await asyncio.sleep(3 * 3600)
    anna, boris = world.phones["anna"], world.phones["boris"]
    assert (anna.call.state, boris.call.state) == (CallState.UP, CallState.UP)
    await anna.call.hang_up()


@behaviour(differs="a new brain asks 15 minutes after its start")
async def test_the_leg_of_a_phone_that_lost_its_power_is_ended_when_it_is_next_asked_for_a_sign_of_life(
    world: World,
) -> None:
    await connected(world)
    await asyncio.sleep(60)
    world.phones["anna"].unplug()
    boris = world.phones["boris"]
    await boris.call.until(CallState.ENDED, limit_s=2000)
    assert boris.call.ended_by == "there"
