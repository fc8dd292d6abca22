"""Phones that answer 302: a forward that was set at the phone itself, followed as its user may call."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from softswitch.calls.facts import LegAdded
from softswitch.directory.site import Group
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_trunks_out import NUMBER, USUAL, carrier

GROUPS = Setting(groups=(Group("sales", "600", "simultaneous", 20, None, 1, (("boris", 1), ("vera", 1))),))
NO_WAY_OUT = replace(USUAL, users={"boris": {"routes": ()}})


async def redirecting(world: World, name: str) -> SimulatedPhone:
    return await world.registered(name, habits=Habits(incoming=Incoming.SILENT))


@behaviour()
async def test_a_phone_sends_the_caller_on_and_the_next_one_is_told_by_whom(world: World) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    boris, second = await redirecting(world, "boris"), await world.registered("boris", name="second")
    await anna.dial("102")
    await second.until_called()
    (await boris.until_called()).deflect("103")
    call = await vera.until_called()
    assert call.invite_exchange is not None
    invite = call.invite_exchange.request
    assert invite.get("Diversion") == "<sip:102@example.net>;reason=deflection;counter=1"
    assert invite.get("History-Info") == (
        "<sip:102@example.net?Reason=SIP%3Bcause%3D480>;index=1, <sip:103@example.net;cause=480>;index=1.1;mp=1"
    )
    await second.call.until(CallState.ENDED)
    call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(anna) == {"vera"}
    await anna.call.hang_up()


@behaviour(USUAL)
async def test_a_number_outside_is_called_by_the_routes_of_whose_phone_says_so(world: World) -> None:
    anna, out = await world.registered("anna"), carrier(world)
    boris = await redirecting(world, "boris")
    await anna.dial("102")
    (await boris.until_called()).deflect(NUMBER)
    (await out.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@pytest.mark.parametrize("number", [NUMBER, "999", "*99", "102"])
@behaviour(NO_WAY_OUT)
async def test_where_its_user_may_not_call_nobody_is_sent(world: World, number: str) -> None:
    anna, boris = await world.registered("anna"), await redirecting(world, "boris")
    await anna.dial("102")
    (await boris.until_called()).deflect(number)
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 480
    assert len(world.facts(LegAdded)) == 2


@behaviour()
async def test_two_phones_that_send_callers_to_each_other_do_so_five_times(world: World) -> None:
    anna = await world.registered("anna")
    boris, vera = await redirecting(world, "boris"), await redirecting(world, "vera")
    await anna.dial("102")
    for times in (1, 2, 3):
        (await boris.until_called(times=times)).deflect("103")
        (await vera.until_called(times=times)).deflect("102")
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 480


@behaviour(GROUPS)
async def test_a_member_of_a_group_sends_nobody_away(world: World) -> None:
    anna, gleb = await world.registered("anna"), await world.registered("gleb")
    boris, vera = await redirecting(world, "boris"), await world.registered("vera")
    await anna.dial("600")
    (await boris.until_called()).deflect("104")
    (await vera.until_called()).answer()
    await anna.call.until(CallState.UP)
    assert gleb.calls == []
    await anna.call.hang_up()
