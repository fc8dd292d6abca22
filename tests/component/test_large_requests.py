"""Requests that are too large for datagrams (RFC 3261 §18.1.1), towards phones that take no streams."""

from __future__ import annotations

import asyncio

from softswitch.app.brain_settings import BrainSettings
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World


@behaviour(Setting(settings=BrainSettings(datagram_octets=300)))
async def test_a_phone_without_tcp_is_called_by_udp_all_the_same(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    call = await anna.dial("102")
    (await boris.until_called()).answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await call.hang_up()
    await boris.call.until(CallState.ENDED)
