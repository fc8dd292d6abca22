"""What one of several does with their place in a conference: they hold it, give it away, or moderate."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Room
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Incoming
from softswitch.simulation.world import Setting, World
from tests.component.controlled import MUSIC, sounds_of
from tests.component.test_conferences import all_hear_all, key, leg_of, people, three, up

MODERATED: Final = Setting(
    rooms=(
        Room("waits", "800", moderators=("anna",), wait_for_moderator=True),
        Room("ends", "801", pin="11", moderator_pin="4711", end_with_moderator=True),
    )
)


def members(world: World) -> set[str]:
    """Return the legs that take part in a conference now."""
    conversations = world.switch.brain.calls.conversations.values()
    return {leg for one in conversations if one.conference is not None for leg in one.conference.members}


@behaviour()
async def test_whoever_holds_a_conference_hears_music_and_may_call_while_the_others_go_on(world: World) -> None:
    anna, boris, vera, gleb = await three(world)
    own = leg_of(world, anna.call)
    world.order(lambda lines: lines.hold(own))
    await asyncio.sleep(1)
    all_hear_all(world, boris, vera)
    assert (world.hears(anna), sounds_of(world, anna.call)) == (set(), MUSIC)
    assert not world.switch.brain.calls.is_busy("anna")
    with pytest.raises(CommandError, match="on hold already"):
        world.order(lambda lines: lines.hold(own))
    second = await up(await anna.dial("104"))
    all_hear_all(world, anna, gleb)
    await second.hang_up()
    world.order(lambda lines: lines.connect(own))
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    for phone in (boris, vera):
        await phone.call.hang_up()
    await world.phones["anna"].calls[1].until(CallState.ENDED)


@behaviour()
async def test_who_is_left_with_one_who_holds_waits_for_them(world: World) -> None:
    anna, boris, vera, _ = await three(world)
    own = leg_of(world, anna.call)
    world.order(lambda lines: lines.hold(own))
    await vera.call.hang_up()
    await asyncio.sleep(1)
    assert (world.hears(boris), sounds_of(world, boris.call)) == (set(), MUSIC)
    world.order(lambda lines: lines.connect(own))
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris)
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@pytest.mark.parametrize("by", ["refer", "command"])
@behaviour()
async def test_a_place_is_given_away_at_once(world: World, by: str) -> None:
    anna, boris, vera, gleb = await three(world)
    if by == "refer":
        assert await boris.call.refer("104") == 202
    else:
        own = leg_of(world, boris.call)
        world.order(lambda lines: lines.transfer(own, "104"))
    await boris.call.until(CallState.ENDED)
    await up(await gleb.until_called())
    all_hear_all(world, anna, vera, gleb)
    for phone in (anna, vera):
        await phone.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour()
async def test_a_place_that_is_not_taken_leaves_the_others_as_they_are(world: World) -> None:
    await people(world, gleb=Incoming.DECLINE)
    anna, boris, vera, _ = await three(world)
    own = leg_of(world, boris.call)
    world.order(lambda lines: lines.transfer(own, "104"))
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(2)
    all_hear_all(world, anna, vera)
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@pytest.mark.parametrize("by", ["refer", "refer from the other call", "command"])
@behaviour()
async def test_a_place_is_given_to_whom_one_has_asked_in_another_call(world: World, by: str) -> None:
    anna, boris, vera, gleb = await three(world)
    first = boris.call
    own = leg_of(world, first)
    world.order(lambda lines: lines.hold(own))
    asked = await up(await boris.dial("104"))
    all_hear_all(world, boris, gleb)
    if by == "refer":
        assert await first.refer("104", to_call=asked) == 202
    elif by == "command":
        other = leg_of(world, asked)
        world.order(lambda lines: lines.confirm(own, other))
    else:
        assert await asked.refer("101", to_call=first) == 202
    for call in (first, asked):
        await call.until(CallState.ENDED)
    await asyncio.sleep(1)
    all_hear_all(world, anna, vera, gleb)
    for phone in (anna, vera):
        await phone.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour()
async def test_what_does_not_fit_a_conference_is_refused_with_the_reason(world: World) -> None:
    anna, boris, vera, _ = await three(world)
    own = leg_of(world, boris.call)
    for command, why in (
        (lambda lines: lines.consult(own, "104"), "in a conference: hold it"),
        (lambda lines: lines.connect(own), "does not hold it"),
        (lambda lines: lines.confirm(own), "No consultation is under way"),
        (lambda lines: lines.confirm(own, leg_of(world, anna.call)), "no other call of the same user"),
        (lambda lines: lines.transfer(own, "999"), "Unallocated number"),
        (lambda lines: lines.park(own), "talks with nobody"),
    ):
        with pytest.raises(CommandError, match=why):
            world.order(command)
    all_hear_all(world, anna, boris, vera)
    for phone in (anna, vera):
        await phone.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour(MODERATED)
async def test_a_room_waits_with_music_for_its_moderator_who_needs_no_pin(world: World) -> None:
    anna, boris, vera, _ = await people(world)
    for phone in (boris, vera):
        await up(await phone.dial("800"))
    assert (world.hears(boris), world.hears(vera)) == (set(), set())
    assert (sounds_of(world, boris.call), sounds_of(world, vera.call)) == (MUSIC, MUSIC)
    await up(await anna.dial("800"))
    all_hear_all(world, anna, boris, vera)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert (world.hears(boris), sounds_of(world, boris.call)) == (set(), MUSIC)
    for phone in (boris, vera):
        await phone.call.hang_up()


@behaviour(MODERATED)
async def test_a_room_is_over_when_its_last_moderator_leaves(world: World) -> None:
    anna, boris, vera, _ = await people(world)
    for phone, pin in ((boris, "11"), (vera, "11"), (anna, "4711")):
        await up(await phone.dial("801"))
        while leg_of(world, phone.call) not in members(world):
            key(world, phone.call, f"#{pin}#")  # a key may be lost where the brain died over it
            await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    await boris.call.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, anna, vera)
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)
