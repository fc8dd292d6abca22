"""Hold, resume and a change of address, from either side and in every form that phones use."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


async def connected(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return anna, boris


def by_side(world: World, side: str) -> tuple[SimulatedPhone, SimulatedPhone]:
    """The phone that acts, and the other."""
    anna, boris = world.phones["anna"], world.phones["boris"]
    return (anna, boris) if side == "caller" else (boris, anna)


@pytest.mark.parametrize("side", ["caller", "callee"])
@pytest.mark.parametrize("form", ["sendonly", "inactive", "zero"])
@behaviour()
async def test_a_held_phone_is_not_heard_and_hears_again_after_resume(world: World, form: str, side: str) -> None:
    await connected(world)
    holder, other = by_side(world, side)
    assert await holder.call.hold(form) == 200
    await asyncio.sleep(1)
    assert world.hears(holder) == set()
    if form == "inactive":
        assert world.hears(other) == set()
    assert holder.call.remote is not None
    if form != "zero":
        assert holder.call.remote.direction == {"sendonly": "recvonly", "inactive": "inactive"}[form]
    assert await holder.call.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(holder), world.hears(other)) == ({other.name}, {holder.name})
    assert await other.call.hang_up() == 200
    await holder.call.until(CallState.ENDED)


def music_of(world: World, phone: SimulatedPhone) -> list[tuple[str, ...]]:
    """What the switch lets a phone hear now, leg by leg."""
    media = world.switch.media
    assert phone.call.remote is not None
    leg = media.leg_at(phone.call.remote.address, phone.call.remote.port)
    assert leg is not None
    playing = media.legs[leg].playing
    return [] if playing is None else [playing.sounds]


@pytest.mark.parametrize("side", ["caller", "callee"])
@pytest.mark.parametrize("form", ["sendonly", "inactive", "zero"])
@behaviour()
async def test_the_other_one_hears_music_from_hold_to_resume(world: World, form: str, side: str) -> None:
    await connected(world)
    holder, other = by_side(world, side)
    for _ in range(2):
        assert await holder.call.hold(form) == 200
        await asyncio.sleep(1)
        assert (music_of(world, holder), music_of(world, other)) == ([], [("music:",)])
        assert await holder.call.hold(form) == 200
        await asyncio.sleep(1)
        assert music_of(world, other) == [("music:",)]
        assert await holder.call.resume() == 200
        await asyncio.sleep(1)
        assert (music_of(world, holder), music_of(world, other)) == ([], [])
    await other.call.hang_up()
    await holder.call.until(CallState.ENDED)


@behaviour()
async def test_of_two_who_hold_each_hears_music_until_the_other_resumes(world: World) -> None:
    anna, boris = await connected(world)
    for phone in (anna, boris):
        assert await phone.call.hold("sendonly") == 200
        await asyncio.sleep(1)
    assert (music_of(world, anna), music_of(world, boris)) == ([("music:",)], [("music:",)])
    assert await anna.call.resume() == 200
    await asyncio.sleep(1)
    assert (music_of(world, anna), music_of(world, boris)) == ([("music:",)], [])
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_both_hold_and_both_resume(world: World) -> None:
    anna, boris = await connected(world)
    for phone in (anna, boris):
        assert await phone.call.hold("sendonly") == 200
    for phone in (anna, boris):
        assert await phone.call.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_both_reinvite_in_the_same_moment(world: World) -> None:
    anna, boris = await connected(world)
    assert list(await asyncio.gather(anna.call.hold(), boris.call.hold())) == [200, 200]
    await anna.call.hang_up()


@behaviour()
async def test_a_caller_hangs_up_while_on_hold(world: World) -> None:
    anna, boris = await connected(world)
    assert await boris.call.hold("inactive") == 200
    assert await anna.call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


@pytest.mark.parametrize("side", ["caller", "callee"])
@behaviour()
async def test_a_phone_that_moves_to_another_address_is_heard_there(world: World, side: str) -> None:
    await connected(world)
    mover, other = by_side(world, side)
    mover.move(("192.0.2.77", 5070))
    assert await mover.call.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(mover), world.hears(other)) == ({other.name}, {mover.name})
    assert await other.call.hang_up() == 200
    await mover.call.until(CallState.ENDED)


@pytest.mark.parametrize("side", ["caller", "callee"])
@behaviour()
async def test_a_reinvite_without_an_offer_gets_ours_and_changes_nothing(world: World, side: str) -> None:
    await connected(world)
    asker, other = by_side(world, side)
    assert await asker.call.reinvite(None) == 200
    await asyncio.sleep(1)
    assert (world.hears(asker), world.hears(other)) == ({other.name}, {asker.name})
    await asker.call.hang_up()


@behaviour()
async def test_a_reinvite_with_nothing_in_common_is_488_and_the_call_goes_on(world: World) -> None:
    anna, boris = await connected(world)
    odd = anna.call.here()
    refused = type(odd)(odd.address, odd.port, ((18, "G729/8000"),), odd.direction)
    assert await anna.call.reinvite(refused) == 488
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert anna.call.state is CallState.UP
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
