"""The voice menu by which users log in to their queues, log out and choose a status (`*98`)."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from softswitch.directory.site import Queue
from softswitch.queues.agents.state import Agent
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.world import Setting, World
from softswitch.speech.prompts import PACK

UNAVAILABLE: Final = "3"
"""Its number in the preset voximplant."""
QUEUES: Final = Setting(queues=(Queue("support", "700", ("anna", "boris")), Queue("sales", "701", ("anna",))))


def agent(world: World) -> Agent:
    return world.switch.brain.agents.agents["anna"]


def said(world: World) -> list[str]:
    """What anna was let hear since the call began, an order a line, repetitions after a restart left out."""
    played = [" ".join(sound.rpartition("/")[2] for sound in sounds) for _, sounds in world.switch.media.played]
    return [line.replace(".ogg", "") for place, line in enumerate(played) if not place or played[place - 1] != line]


def press(world: World, keys: str) -> None:
    (leg,) = world.switch.media.legs
    for key in keys:
        world.switch.media.press(leg, key)


async def menu(world: World) -> Call:
    """Call the menu, and let it say what it has to say."""
    world.switch.media.lengths_s.update({f"file:{path}": 1.0 for path in PACK.rglob("*.ogg")})
    anna = world.phones.get("anna") or await world.registered("anna")
    call = await anna.dial("*98")
    await call.until(CallState.UP)
    await asyncio.sleep(2)
    return call


@pytest.mark.row("C-18")
@behaviour(QUEUES)
async def test_a_user_logs_in_to_all_queues_and_out_of_them_by_the_menu(world: World) -> None:
    call = await menu(world)
    assert not agent(world).queues
    press(world, "1")
    await asyncio.sleep(1)
    assert agent(world).queues == {"support", "sales"}
    assert agent(world).status == "ready"
    await call.until(CallState.ENDED, limit_s=10)
    call = await menu(world)
    press(world, "2")
    await asyncio.sleep(1)
    assert not agent(world).queues
    await call.until(CallState.ENDED, limit_s=10)
    choices = "chtoby-voyti-nazhmite odin chtoby-vyyti-nazhmite dva chtoby-vybrat-status-nazhmite tri"
    again = "chtoby-proslushat-eshchyo-raz-nazhmite nol"
    assert said(world) == [
        f"vy-vyshli-iz-ocheredey {choices} {again}",
        "vy-voshli-v-ocheredi do-svidaniya",
        f"vy-voshli-v-ocheredi {choices} {again}",
        "vy-vyshli-iz-ocheredey do-svidaniya",
    ]


@behaviour(QUEUES)
async def test_a_user_chooses_a_status_by_its_number_and_is_asked_again_for_one_that_is_not(world: World) -> None:
    call = await menu(world)
    press(world, "3")
    await asyncio.sleep(1)
    press(world, "99#")
    await asyncio.sleep(1)
    assert said(world)[-1].startswith("takogo-statusa-net ")
    press(world, f"{UNAVAILABLE}#")
    await asyncio.sleep(1)
    assert agent(world).status == "unavailable"
    await call.until(CallState.ENDED, limit_s=10)
    assert said(world)[-1] == "status-vybran do-svidaniya"


@behaviour(QUEUES)
async def test_one_who_presses_nothing_hears_it_once_more_and_is_sent_away(world: World) -> None:
    call = await menu(world)
    await call.until(CallState.ENDED, limit_s=90)
    assert [line.rpartition(" ")[2] for line in said(world)] == ["nol", "nol", "do-svidaniya"]
    assert not agent(world).queues


@behaviour()
async def test_one_who_is_in_no_queue_is_told_so(world: World) -> None:
    call = await menu(world)
    press(world, "7")
    await asyncio.sleep(1)
    press(world, "1")
    await call.until(CallState.ENDED, limit_s=10)
    assert said(world)[-1] == "seychas-eto-nevozmozhno do-svidaniya"


@behaviour(QUEUES)
async def test_one_who_hangs_up_leaves_nothing_behind(world: World) -> None:
    call = await menu(world)
    press(world, "3")
    await asyncio.sleep(1)
    assert await call.hang_up() == 200
