"""Somebody speaks to all phones of a group at once: they answer by themselves, hear, and are not heard."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Group
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, phones, talk
from tests.component.test_conferences import leg_of, up

MEMBERS: Final = (("anna", 1), ("boris", 1), ("vera", 1), ("gleb", 1))
PAGED: Final = Setting(groups=(Group("all", "600", "simultaneous", 20, None, 1, MEMBERS),))


@behaviour(PAGED)
async def test_all_who_are_free_hear_the_caller_and_nobody_hears_them(world: World) -> None:
    anna, boris, vera, gleb = await phones(
        world, "anna", "boris", "vera", "gleb", boris=HEADSET, vera=HEADSET, gleb=HEADSET
    )
    call = await up(await anna.dial("*60600"))
    for phone in (boris, vera, gleb):
        await (await phone.until_called()).until(CallState.UP)
        assert "<sip:101@example.net>" in phone.call.asked("From")
        assert "answer-after" in phone.call.asked("Call-Info")
    await asyncio.sleep(1)
    assert {phone.name: world.hears(phone) for phone in world.phones.values()} == {
        "anna": set(),
        "boris": {"anna"},
        "vera": {"anna"},
        "gleb": {"anna"},
    }
    await vera.call.hang_up()
    await asyncio.sleep(1)
    assert (world.hears(boris), world.hears(gleb)) == ({"anna"}, {"anna"})
    await call.hang_up()
    for phone in (boris, gleb):
        await phone.call.until(CallState.ENDED)


@behaviour(PAGED)
async def test_who_talks_or_does_not_answer_is_left_alone(world: World) -> None:
    anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb", gleb=HEADSET)
    await talk(world, "boris", "vera", "103")
    second = await world.registered("gleb", name="ringing", habits=Habits())
    call = await up(await anna.dial("*60600"))
    await gleb.call.until(CallState.UP)
    await (await second.until_called()).until(CallState.ENDED)
    assert [len(phone.calls) for phone in (boris, vera)] == [1, 1]
    assert (world.hears(gleb), world.hears(boris)) == ({"anna"}, {"vera"})
    await gleb.call.hang_up()
    await call.until(CallState.ENDED)
    await boris.call.hang_up()


@behaviour(PAGED)
async def test_where_nobody_can_be_spoken_to_the_caller_is_told_so(world: World) -> None:
    (anna,) = await phones(world, "anna")
    for number, status in (("*60600", 480), ("*60999", 404)):
        call = await anna.dial(number)
        await call.until(CallState.ENDED)
        assert call.status == status


@behaviour(PAGED)
async def test_a_command_lets_a_users_phone_speak_to_a_group(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", anna=HEADSET, boris=HEADSET)
    world.order(lambda lines: lines.dial("anna", "*60600"))
    await (await anna.until_called()).until(CallState.UP)
    await (await boris.until_called()).until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(boris), world.hears(anna)) == ({"anna"}, set())
    own = leg_of(world, anna.call)
    with pytest.raises(CommandError, match="No group"):
        world.order(lambda lines: lines.dial("boris", "*60999"))
    world.order(lambda lines: lines.hang_up(own))
    await boris.call.until(CallState.ENDED)
