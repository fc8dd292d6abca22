"""A media worker dies: those who talk hear each other again over other ports, other calls end and say why."""

from __future__ import annotations

import asyncio

from softswitch.calls.facts import LegMediaOpened, LegReinviteAnswered, SegmentStarted
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World

LOST = ['Q.850;cause=41;text="Media worker lost"']


async def talking(world: World, *, habits: Habits | None = None) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna = await world.registered("anna", habits=habits)
    boris = await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return anna, boris


@behaviour()
async def test_those_who_talk_hear_each_other_again_over_other_ports(world: World) -> None:
    anna, boris = await talking(world)
    world.switch.media.lose_worker()
    await asyncio.sleep(2)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert len({fact.port for fact in world.facts(LegMediaOpened) if isinstance(fact, LegMediaOpened)}) == 4
    assert len(world.facts(LegReinviteAnswered)) == 2
    assert len(world.facts(SegmentStarted)) == 1
    await asyncio.sleep(30)  # nothing is left that would end the call later
    assert await anna.call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_who_was_on_hold_is_on_hold_afterwards(world: World) -> None:
    anna, boris = await talking(world)
    assert await anna.call.hold() == 200
    await asyncio.sleep(1)
    world.switch.media.lose_worker()
    await asyncio.sleep(5)
    assert await anna.call.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_that_changes_its_session_in_that_moment_is_moved_all_the_same(world: World) -> None:
    anna, boris = await talking(world)
    holding = asyncio.gather(anna.call.hold())
    world.switch.media.lose_worker()
    (status,) = await holding
    assert status == 200
    assert await anna.call.resume() == 200
    await asyncio.sleep(10)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_that_refuses_its_new_port_ends_the_call_on_both_sides(world: World) -> None:
    anna, boris = await talking(world)
    anna.call.takes_reinvites = False
    world.switch.media.lose_worker()
    await anna.call.until(CallState.ENDED)
    await boris.call.until(CallState.ENDED)
    assert anna.call.reasons == boris.call.reasons == LOST


@behaviour()
async def test_a_phone_that_rings_stops_and_its_caller_is_told(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    await boris.until_called()
    await anna.call.until(CallState.RINGING)
    await asyncio.sleep(1)
    world.switch.media.lose_worker()
    await anna.call.until(CallState.ENDED)
    await boris.call.until(CallState.ENDED)
    assert (anna.call.status, anna.call.reasons) == (503, LOST)
    assert boris.call.reasons == LOST
