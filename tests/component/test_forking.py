"""A user with several phones: all ring, the first that answers has the call."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import World

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


async def with_two_phones(
    world: World, desk: Incoming = Incoming.RING, mobile: Incoming = Incoming.RING
) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    anna = await world.registered("anna")
    return (
        anna,
        await world.registered("boris", name="desk", habits=Habits(incoming=desk)),
        await world.registered("boris", name="mobile", habits=Habits(incoming=mobile)),
    )


@behaviour()
async def test_the_first_answer_wins_and_the_other_phone_shows_no_missed_call(world: World) -> None:
    anna, desk, mobile = await with_two_phones(world)
    await anna.dial("102")
    await desk.until_called()
    (await mobile.until_called()).answer()
    await anna.call.until(CallState.UP)
    await desk.call.until(CallState.ENDED)
    assert (desk.call.status, desk.call.reasons) == (487, [ELSEWHERE])
    await asyncio.sleep(1)
    assert world.hears(anna) == {"mobile"}
    await anna.call.hang_up()
    await mobile.call.until(CallState.ENDED)


@behaviour()
async def test_two_answers_in_the_same_moment_give_one_call_and_release_the_other(world: World) -> None:
    anna, desk, mobile = await with_two_phones(world)
    await anna.dial("102")
    (await desk.until_called()).answer()
    (await mobile.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(5)
    states = [desk.call.state, mobile.call.state]
    assert sorted(state.value for state in states) == ["ended", "up"]
    winner = desk if desk.call.state is CallState.UP else mobile
    assert world.hears(anna) == {winner.name}
    await winner.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_one_busy_phone_leaves_the_other_ringing(world: World) -> None:
    anna, _, mobile = await with_two_phones(world, desk=Incoming.BUSY)
    await anna.dial("102")
    call = await mobile.until_called()
    await asyncio.sleep(2)
    call.answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour()
async def test_when_all_are_busy_so_is_the_caller_told(world: World) -> None:
    anna, _, _ = await with_two_phones(world, desk=Incoming.BUSY, mobile=Incoming.BUSY)
    await anna.dial("102")
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 486
    assert anna.call.reasons == ['Q.850;cause=17;text="User busy"']


@behaviour()
async def test_a_decline_on_one_phone_ends_the_ringing_of_all(world: World) -> None:
    anna, desk, mobile = await with_two_phones(world, mobile=Incoming.SILENT)
    await anna.dial("102")
    (await desk.until_called()).decline()
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 603
    await mobile.call.until(CallState.ENDED)


@behaviour()
async def test_a_caller_who_gives_up_stops_all_phones(world: World) -> None:
    anna, desk, mobile = await with_two_phones(world)
    await anna.dial("102")
    await desk.until_called()
    await mobile.until_called()
    await anna.call.until(CallState.RINGING)
    assert await anna.call.hang_up() == 487
    await desk.call.until(CallState.ENDED)
    await mobile.call.until(CallState.ENDED)


@behaviour()
async def test_one_dead_phone_does_not_hinder_the_other(world: World) -> None:
    anna, desk, mobile = await with_two_phones(world)
    desk.unplug()
    await anna.dial("102")
    (await mobile.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await mobile.call.until(CallState.ENDED)
