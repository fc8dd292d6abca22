"""A number at somebody else's domain is not ours; by whatever name phones call the switch, its own numbers are."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import World
from tests.component.test_trunks_out import NUMBER, USUAL, carrier

ELSEWHERE = "pbx.example.org"


async def known_as(world: World, user: str, domain: str, incoming: Incoming = Incoming.RING) -> SimulatedPhone:
    """Register a phone whose user wrote another name of the switch into it."""
    phone = world.phone(user, habits=Habits(incoming=incoming))
    phone.account = phone.account._replace(domain=domain)
    assert await phone.register() == 200
    return phone


@behaviour()
async def test_who_dials_somebody_elsewhere_reaches_nobody_here(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    call = await anna.dial(f"sip:102@{ELSEWHERE}")
    await call.until(CallState.ENDED)
    assert (call.status, boris.calls) == (404, [])


@behaviour()
async def test_who_is_sent_to_somebody_elsewhere_reaches_nobody_here(world: World) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    boris = await world.registered("boris", habits=Habits(incoming=Incoming.SILENT))
    boris.account = boris.account._replace(domain=ELSEWHERE)
    call = await anna.dial("102")
    (await boris.until_called()).deflect("103")
    await call.until(CallState.ENDED)
    assert (call.status, vera.calls) == (480, [])


@pytest.mark.parametrize("domain", [ELSEWHERE, "198.51.100.200", "[2001:db8::5]"])
@behaviour()
async def test_a_phone_that_knows_the_switch_by_another_name_calls_and_transfers(world: World, domain: str) -> None:
    anna = await world.registered("anna")
    boris, vera = await known_as(world, "boris", domain), await known_as(world, "vera", domain)
    call = await anna.dial("102")
    (await boris.until_called()).answer()
    await call.until(CallState.UP)
    assert await boris.call.refer("103") == 202
    (await vera.until_called()).answer()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await call.hang_up()
    await vera.call.until(CallState.ENDED)
    back = await boris.dial("101")
    (await anna.until_called()).answer()
    await back.until(CallState.UP)
    await back.hang_up()


@behaviour(USUAL)
async def test_a_number_with_its_country_is_the_same_everywhere(world: World) -> None:
    anna, out = await world.registered("anna"), carrier(world)
    call = await anna.dial(f"sip:{NUMBER}@{ELSEWHERE}")
    (await out.until_called()).answer()
    await call.until(CallState.UP)
    await call.hang_up()
