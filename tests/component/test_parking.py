"""Parked calls: a slot in which somebody waits, a code and a command that take them, a lamp that shows it; intercom."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls import facts
from softswitch.calls.control_facts import CallUnparked
from softswitch.core.errors import CommandError
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, MUSIC, leg, phones, sounds_of, talk


def slots(world: World) -> dict[str, str]:
    """Return who waits where: slot to number."""
    return {
        parked.slot: conversation.legs[parked.leg].number for conversation, parked in world.switch.brain.lines.parked()
    }


@pytest.mark.parametrize("how", ["command", "any-slot", "transfer", "transfer-any"])
@behaviour()
async def test_who_is_parked_hears_music_and_is_taken_by_the_code_of_the_slot(world: World, how: str) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    own, there = await talk(world, "anna", "boris", "102")
    slot = "5" if how in {"command", "transfer"} else "1"
    if how.startswith("transfer"):
        assert await there.refer("*685" if slot == "5" else "*68") == 202
    else:
        world.order(lambda lines: lines.park(leg(world, "boris"), "5" if slot == "5" else ""))
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (slots(world), sounds_of(world, own), world.hears(anna)) == ({slot: "101"}, MUSIC, set())
    taken = await vera.dial(f"*69{slot}")
    await taken.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert (slots(world), sounds_of(world, own)) == ({}, ())
    assert len(world.facts(facts.ConversationStarted)) == 1
    await taken.hang_up()
    await own.until(CallState.ENDED)


@behaviour()
async def test_a_command_takes_who_is_parked_and_a_phone_that_declines_leaves_them_there(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    vera = await world.registered("vera", habits=Habits(incoming=Incoming.DECLINE))
    gleb = await world.registered("gleb", habits=HEADSET)
    own, _ = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.park(leg(world, "boris")))
    world.order(lambda lines: lines.retrieve("vera", "1"))
    await vera.until_called()
    await vera.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (slots(world), sounds_of(world, own)) == ({"1": "101"}, MUSIC)
    world.order(lambda lines: lines.retrieve("gleb", "1"))
    await gleb.until_called()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(gleb), slots(world)) == ({"gleb"}, {"anna"}, {})
    assert boris.call.over
    await own.hang_up()
    await gleb.call.until(CallState.ENDED)


@pytest.mark.parametrize("answers", [True, False])
@behaviour()
async def test_who_is_not_taken_goes_back_to_who_parked_them(world: World, answers: bool) -> None:
    anna, boris = await phones(world, "anna", "boris")
    own, _ = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.park(leg(world, "boris"), "7"))
    await asyncio.sleep(119)
    assert len(boris.calls) == 1
    again = await boris.until_called(times=2)
    assert slots(world) == {}
    assert sounds_of(world, own) == MUSIC
    if answers:
        again.answer()
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
        await again.hang_up()
    await own.until(CallState.ENDED, limit_s=100)
    await again.until(CallState.ENDED)


@behaviour()
async def test_a_slot_is_free_again_when_who_waits_there_hangs_up(world: World) -> None:
    _, _, vera = await phones(world, "anna", "boris", "vera")
    own, _ = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.park(leg(world, "boris"), "7"))
    await own.hang_up()
    await asyncio.sleep(1)
    assert slots(world) == {}
    assert len(world.facts(CallUnparked)) == 1
    refused = await vera.dial("*697")
    await refused.until(CallState.ENDED)
    assert (refused.status, refused.reasons) == (404, ['Q.850;cause=1;text="Nobody is parked at 7"'])


@behaviour()
async def test_a_slot_that_is_taken_or_not_there_is_refused_and_the_talk_goes_on(world: World) -> None:
    anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb")
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.park(leg(world, "boris"), "3"))
    _, there = await talk(world, "vera", "gleb", "104")
    for slot, error_id, status in (("3", "slot-taken", 409), ("21", "unknown-slot", 404)):
        with pytest.raises(CommandError) as refused:
            world.order(lambda lines, slot=slot: lines.park(leg(world, "gleb"), slot))  # type: ignore[misc]
        assert (refused.value.error_id, refused.value.field, refused.value.status) == (error_id, "slot", status)
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.retrieve("gleb", "4"))
    assert refused.value.error_id == "nothing-parked"
    assert await there.refer("*683") == 202
    await gleb.until(lambda: there.progress == [486], "the NOTIFY")
    assert (world.hears(vera), world.hears(gleb), boris.call.over) == ({"gleb"}, {"vera"}, True)
    await vera.call.hang_up()
    await anna.call.hang_up()


@behaviour()
async def test_a_lamp_shows_that_somebody_waits_in_a_slot(world: World) -> None:
    await phones(world, "anna", "boris")
    vera = await world.registered("vera")
    lamp = await vera.watch("*691")
    own, _ = await talk(world, "anna", "boris", "102")
    await vera.until(lambda: lamp.lamp == "idle", "the dark lamp")
    world.order(lambda lines: lines.park(leg(world, "boris"), "1"))
    await vera.until(lambda: lamp.lamp == "confirmed", "the shining lamp")
    assert b"sip:101@example.net" in lamp.bodies[-1]
    await own.hang_up()
    await vera.until(lambda: lamp.lamp == "idle", "the dark lamp")


# Intercom


@behaviour()
async def test_an_intercom_call_is_answered_by_the_phone_itself(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", boris=HEADSET)
    call = await anna.dial("*80102")
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await call.hang_up()


@pytest.mark.parametrize(("number", "status"), [("104", 480), ("999", 404), ("102", 486)])
@behaviour(Setting())
async def test_an_intercom_call_breaks_into_no_talk_and_needs_a_phone(world: World, number: str, status: int) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera", boris=HEADSET)
    await talk(world, "vera", "boris", "102") if number == "102" else None
    call = await anna.dial(f"*80{number}")
    await call.until(CallState.ENDED)
    assert call.status == status
    if number == "102":
        assert (world.hears(boris), world.hears(vera)) == ({"vera"}, {"boris"})
        await vera.call.hang_up()
