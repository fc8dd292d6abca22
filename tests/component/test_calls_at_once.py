"""How many calls may go on from one address."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network

from softswitch.app.brain_settings import BrainSettings
from softswitch.directory.site import Number, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import DOMAIN, Setting, World

OFFICE = "198.51.100.7"
ANSWERS = Habits(incoming=Incoming.ANSWER)
SETTING = Setting(
    settings=BrainSettings(DOMAIN, calls_each_source=2),
    trunks=(Trunk("pstn", "198.51.100.5", 5060, "udp", False),),
    numbers=(Number("74950000001", "user", "vera"),),
)


@behaviour(SETTING)
async def test_beyond_the_limit_of_an_address_a_call_is_refused_until_one_of_the_others_ends(world: World) -> None:
    await world.registered("vera", habits=ANSWERS)
    phones = [world.phone("anna", name=f"office {n}", host=OFFICE, port=5060 + n) for n in range(3)]
    for phone in phones:
        assert await phone.register() == 200
        await phone.dial("103")
    await phones[0].call.until(CallState.UP)
    await phones[1].call.until(CallState.UP)
    await phones[2].call.until(CallState.ENDED)
    assert phones[2].call.status == 503
    await phones[0].call.hang_up()
    await phones[2].dial("103")
    await phones[2].call.until(CallState.UP)
    await asyncio.sleep(1)
    for phone in phones[1:]:
        await phone.call.hang_up()


@behaviour(SETTING)
async def test_others_and_trunks_call_while_an_address_is_at_its_limit(world: World) -> None:
    await world.registered("vera", habits=ANSWERS)
    phones = [world.phone("anna", name=f"office {n}", host=OFFICE, port=5060 + n) for n in range(2)]
    boris = await world.registered("boris")
    pstn = world.phone("carrier", host="198.51.100.5")
    for phone in phones:
        assert await phone.register() == 200
        await phone.dial("103")
        await phone.call.until(CallState.UP)
    await boris.dial("103")
    await boris.call.until(CallState.UP)
    calls = [await pstn.dial("74950000001") for _ in range(3)]
    for call in calls:
        await call.until(CallState.UP)
    for each in [*calls, boris.call, *(phone.call for phone in phones)]:
        await each.hang_up()


@behaviour(replace(SETTING, settings=replace(SETTING.settings, allow=(ip_network(f"{OFFICE}/32"),))))
async def test_a_proxy_that_is_allowed_brings_any_number_of_calls(world: World) -> None:
    await world.registered("vera", habits=ANSWERS)
    phones = [world.phone("anna", name=f"office {n}", host=OFFICE, port=5060 + n) for n in range(3)]
    for phone in phones:
        assert await phone.register() == 200
        await phone.dial("103")
    for phone in phones:
        await phone.call.until(CallState.UP)
    for phone in phones:
        await phone.call.hang_up()


@behaviour(Setting(hosts=("2001:db8::1",), settings=BrainSettings(DOMAIN, calls_each_source=1)))
async def test_addresses_of_one_ipv6_network_are_one_source(world: World) -> None:
    hosts = ("2001:db8:0:7::1", "2001:db8:0:7::2", "2001:db8:0:8::1")
    vera = world.phone("vera", host="2001:db8::103", habits=ANSWERS)
    phones = [world.phone("anna", name=f"office {n}", host=host) for n, host in enumerate(hosts)]
    for phone in (vera, *phones):
        assert await phone.register() == 200
    for phone in phones:
        await phone.dial("103")
        await phone.call.until(CallState.UP if phone is not phones[1] else CallState.ENDED)
    assert phones[1].call.status == 503
    for phone in (phones[0], phones[2]):
        await phone.call.hang_up()
