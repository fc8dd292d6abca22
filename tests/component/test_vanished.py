"""Phones that vanish in the middle of a call: their silence is noticed, they are asked, and the call is ended."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls.facts import ConversationEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


async def talking(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(5)
    return anna, boris


def leg_of(world: World, side: int) -> str:
    (leg,) = (leg for leg in world.switch.media.legs if leg.endswith(f".{side}"))
    return leg


@pytest.mark.parametrize("side", [1, 2], ids=["caller", "callee"])
@behaviour()
async def test_a_phone_that_lost_its_power_ends_the_call(world: World, side: int) -> None:
    anna, boris = await talking(world)
    gone, left = (anna, boris) if side == 1 else (boris, anna)
    gone.unplug()
    world.switch.media.fall_silent(leg_of(world, side))
    await left.call.until(CallState.ENDED, limit_s=60)
    assert left.call.ended_by == "there"
    assert world.facts(ConversationEnded) == [ConversationEnded("lost", 408)]


@behaviour()
async def test_a_phone_that_is_only_quiet_keeps_its_call(world: World) -> None:
    anna, boris = await talking(world)
    world.switch.media.fall_silent(leg_of(world, 2))
    await asyncio.sleep(60)
    assert not anna.call.over
    assert not boris.call.over
    assert await anna.call.hang_up() == 200
    await boris.call.until(CallState.ENDED)
