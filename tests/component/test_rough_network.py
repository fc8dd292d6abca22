"""Packets are lost, doubled and out of order; some messages never come at all. Calls get through, or end."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls.facts import ConversationStarted
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.network import Conditions
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World


async def a_whole_call(world: World) -> None:
    habits = Habits(act_after_s=0.3)
    anna = await world.registered("anna", habits=habits)
    boris = await world.registered("boris", habits=habits)
    await anna.dial("102")
    call = await boris.until_called()
    await asyncio.sleep(2)
    call.answer()
    await anna.call.until(CallState.UP, limit_s=120)
    await asyncio.sleep(5)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED, limit_s=120)


@pytest.mark.parametrize("attempt", range(4))
@behaviour(Setting(conditions=Conditions(loss=0.1)))
async def test_a_call_gets_through_where_every_tenth_packet_is_lost(world: World, attempt: int) -> None:
    await a_whole_call(world)
    assert len(world.facts(ConversationStarted)) == 1


@pytest.mark.parametrize("attempt", range(2))
@behaviour(Setting(conditions=Conditions(duplicate=0.5, reorder=0.2, jitter_s=0.01)))
async def test_doubled_and_overtaken_packets_make_one_call(world: World, attempt: int) -> None:
    await a_whole_call(world)
    assert len(world.facts(ConversationStarted)) == 1
    assert len(world.phones["boris"].calls) == 1


@behaviour()
async def test_a_repeated_invite_is_no_second_call(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    host = world.switch.address[0]
    world.network.set_one_way(host, anna.address[0], Conditions(loss=1.0))
    await anna.dial("102")
    await boris.until_called()
    await asyncio.sleep(0.2)
    world.network.set_one_way(host, anna.address[0], Conditions())
    await anna.call.until(CallState.RINGING)
    boris.call.answer()
    await anna.call.until(CallState.UP)
    assert len(boris.calls) == 1
    assert len(world.facts(ConversationStarted)) == 1
    await anna.call.hang_up()


@behaviour()
async def test_a_2xx_that_nobody_acknowledges_ends_both_sides(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    call = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    anna.unplug()
    call.answer()
    await call.until(CallState.ENDED, limit_s=60)
    assert call.ended_by == "there"


@behaviour()
async def test_a_phone_that_vanishes_during_the_call_does_not_keep_the_other(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    anna.unplug()
    assert await boris.call.hang_up() == 200
