"""The whole switch over IPv6."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World


@behaviour(Setting(hosts=("2001:db8::1",)))
async def test_two_phones_with_ipv6_addresses_talk(world: World) -> None:
    anna, boris = world.phone("anna", host="2001:db8::11"), world.phone("boris", host="2001:db8::12", transport="tcp")
    assert await anna.register() == 200
    assert await boris.register() == 200
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert await boris.call.hang_up() == 200
    await anna.call.until(CallState.ENDED)
