"""Whoever lets somebody wait on hold is reminded of them, for as long as it lasts."""

from __future__ import annotations

import asyncio

from softswitch.app.brain_settings import BrainSettings
from softswitch.calls.control_facts import HoldReminded
from softswitch.calls.deadlines import Deadlines
from softswitch.calls.holding import REMINDER
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import leg, phones, talk

EVERY_30_S = Setting(settings=BrainSettings(deadlines=Deadlines(remind_s=30.0)))


def reminders(world: World) -> list[str]:
    """Return the legs that were let hear a tone, one after the other."""
    return [name for name, sounds in world.switch.media.played if sounds == REMINDER]


@behaviour(EVERY_30_S)
async def test_a_tone_reminds_at_the_own_phone_until_the_call_is_connected_again(world: World) -> None:
    await phones(world, "anna", "boris")
    await talk(world, "anna", "boris", "102")
    own = leg(world, "boris")
    world.order(lambda lines: lines.hold(own))
    await asyncio.sleep(70)
    assert reminders(world) == [own, own]
    assert [fact.told for fact in world.facts(HoldReminded) if isinstance(fact, HoldReminded)] == [own, own]
    world.order(lambda lines: lines.connect(own))
    await asyncio.sleep(70)
    assert len(world.facts(HoldReminded)) == 2
    await world.phones["anna"].call.hang_up()


@behaviour(EVERY_30_S)
async def test_a_tone_reminds_in_the_call_in_which_its_user_talks_now(world: World) -> None:
    await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    first = leg(world, "boris")
    world.order(lambda lines: lines.hold(first))
    await talk(world, "boris", "vera", "103")
    second = next(name for name in world.legs_of("boris") if name != first)
    await asyncio.sleep(35)
    assert reminders(world) == [second]
    assert world.hears(world.phones["vera"]) == {"boris"}
    await world.phones["anna"].call.hang_up()
    await asyncio.sleep(70)
    assert len(world.facts(HoldReminded)) == 1
    await world.phones["vera"].call.hang_up()


@behaviour(EVERY_30_S)
async def test_nobody_is_reminded_while_they_ask_somebody(world: World) -> None:
    _, boris, vera = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.consult(leg(world, "boris"), "103"))
    (await vera.until_called()).answer()
    await asyncio.sleep(70)
    assert world.facts(HoldReminded) == []
    await boris.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour(EVERY_30_S)
async def test_who_holds_by_the_phones_own_key_is_reminded_in_the_call_in_which_they_talk_now(world: World) -> None:
    await phones(world, "anna", "boris", "vera")
    _, there = await talk(world, "anna", "boris", "102")
    await there.hold()
    own = leg(world, "boris")
    await asyncio.sleep(35)
    assert [fact.told for fact in world.facts(HoldReminded) if isinstance(fact, HoldReminded)] == [""]
    out, _ = await talk(world, "boris", "vera", "103")
    second = next(name for name in world.legs_of("boris") if name != own)
    await asyncio.sleep(30)
    assert reminders(world) == [second]
    await out.hang_up()
    await there.resume()
    told = len(world.facts(HoldReminded))
    await asyncio.sleep(70)
    assert len(world.facts(HoldReminded)) == told
    await world.phones["anna"].call.hang_up()


@behaviour(EVERY_30_S)
async def test_nobody_is_reminded_of_a_held_call_that_the_phone_has_handed_over(world: World) -> None:
    _, boris, vera = await phones(world, "anna", "boris", "vera")
    _, there = await talk(world, "anna", "boris", "102")
    await there.hold()
    out, _ = await talk(world, "boris", "vera", "103")
    await there.refer("103", to_call=out)
    await asyncio.sleep(70)
    assert world.facts(HoldReminded) == []
    assert world.hears(world.phones["anna"]) == {"vera"}
    assert boris.call.over
    await vera.call.hang_up()
