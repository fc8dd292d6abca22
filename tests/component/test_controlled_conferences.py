"""A conference of four by commands alone: call, hold, call, hold, call; who waits comes in one by one. And mute."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import World
from tests.component.controlled import HEADSET, MUSIC, leg, phones, sounds_of, talk


def press(world: World, own: str) -> None:
    """Press the conference button for the call of a leg."""
    brain = world.switch.brain
    world.switch.in_turn(lambda: brain.command(lambda: brain.conferences.press(own, "")))


def all_hear_all(world: World, *together: SimulatedPhone) -> None:
    names = {phone.name for phone in together}
    assert {phone.name: world.hears(phone) for phone in together} == {name: names - {name} for name in names}


@pytest.mark.row("I-14", "I-15")
@behaviour()
async def test_four_are_brought_together_whose_last_was_never_on_hold(world: World) -> None:
    others = {name: Habits(incoming=Incoming.ANSWER) for name in ("boris", "vera", "gleb")}
    anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb", anna=HEADSET, **others)
    for number in ("102", "103", "104"):
        world.order(lambda lines, number=number: lines.dial("anna", number))  # type: ignore[misc]
        await asyncio.sleep(1)
        if number != "104":
            world.order(lambda lines: lines.hold(leg(world, "anna")))
            await asyncio.sleep(1)
    first, second, _ = world.legs_of("anna")
    assert (sounds_of(world, boris.call), sounds_of(world, vera.call), sounds_of(world, gleb.call)) == (
        MUSIC,
        MUSIC,
        (),
    )
    press(world, first)
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, gleb)
    assert (world.hears(vera), sounds_of(world, vera.call)) == (set(), MUSIC)
    press(world, second)
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera, gleb)
    for phone in (anna, boris, vera):
        await phone.call.hang_up()
    await asyncio.sleep(1)
    assert gleb.call.over


@pytest.mark.row("V-11")
@behaviour()
async def test_whoever_mutes_is_not_heard_and_hears_until_they_lift_it(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    own, _ = await talk(world, "anna", "boris", "102")
    for wanted, heard in ((True, set()), (False, {"anna"})):
        brain = world.switch.brain
        world.switch.in_turn(
            lambda brain=brain, wanted=wanted: brain.command(  # type: ignore[misc]
                lambda: brain.conferences.mute(leg(world, "anna"), wanted=wanted)
            )
        )
        await asyncio.sleep(1)
        assert (world.hears(boris), world.hears(anna)) == (heard, {"boris"})
    await own.hang_up()
