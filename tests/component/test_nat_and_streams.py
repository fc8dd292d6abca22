"""Phones behind a NAT, phones on TCP, and a switch that is published under another address."""

from __future__ import annotations

import asyncio

from softswitch.app.brain_settings import BrainSettings
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.nat import Nat, StaticNat
from softswitch.simulation.network import Conditions
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World


async def talk(world: World, caller: SimulatedPhone, callee: SimulatedPhone) -> None:
    """Register both, call, hear each other, hang up."""
    assert await caller.register() == 200
    assert await callee.register() == 200
    await caller.dial(callee.account.user)
    (await callee.until_called()).answer()
    await caller.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(caller), world.hears(callee)) == ({callee.name}, {caller.name})
    assert await callee.call.hang_up() == 200
    await caller.call.until(CallState.ENDED)


@behaviour()
async def test_two_phones_behind_two_nats_talk(world: World) -> None:
    world.network.add_nat(Nat("203.0.113.1", ("192.168.1.10",)))
    world.network.add_nat(Nat("203.0.113.2", ("192.168.1.20",)))
    await talk(world, world.phone("anna", host="192.168.1.10"), world.phone("boris", host="192.168.1.20"))


@behaviour()
async def test_two_phones_behind_the_same_nat_talk(world: World) -> None:
    world.network.add_nat(Nat("203.0.113.1", ("192.168.1.10", "192.168.1.20")))
    await talk(world, world.phone("anna", host="192.168.1.10"), world.phone("boris", host="192.168.1.20"))


@behaviour()
async def test_a_phone_behind_a_nat_is_reached_an_hour_after_it_registered(world: World) -> None:
    world.network.add_nat(Nat("203.0.113.1", ("192.168.1.10",), timeout_s=30))
    boris = world.phone("boris", host="192.168.1.10")
    assert await boris.register(3600) == 200
    anna = await world.registered("anna")
    await asyncio.sleep(3000)
    assert boris.wire.pings > 80
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_behind_a_nat_that_does_not_ask_for_rport_is_answered_all_the_same(world: World) -> None:
    world.network.add_nat(Nat("203.0.113.1", ("192.168.1.10",)))
    phone = world.phone("anna", host="192.168.1.10", habits=Habits(rport=False))
    assert await phone.register() == 200


@behaviour()
async def test_a_phone_on_tcp_and_one_on_udp_talk(world: World) -> None:
    await talk(world, world.phone("anna", transport="tcp"), world.phone("boris"))


@behaviour(Setting(conditions=Conditions(fragment=0.8)))
async def test_two_phones_on_streams_that_come_in_pieces_talk(world: World) -> None:
    await talk(world, world.phone("anna", transport="tcp"), world.phone("boris", transport="tcp"))


@behaviour()
async def test_a_call_to_a_phone_whose_stream_is_gone_ends(world: World) -> None:
    boris = world.phone("boris", transport="tcp")
    assert await boris.register() == 200
    anna = await world.registered("anna")
    boris.wire.drop_stream()
    await asyncio.sleep(1)
    call = await anna.dial("102")
    await call.until(CallState.ENDED, limit_s=120)
    assert call.status == 480
    assert call.reasons


async def talking_over_a_stream(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    """Let Anna talk with Boris, whose phone is on TCP; then its connection is gone."""
    boris = world.phone("boris", transport="tcp")
    assert await boris.register() == 200
    anna = await world.registered("anna")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    boris.wire.drop_stream()
    await asyncio.sleep(0.5)
    return anna, boris


@behaviour()
async def test_a_call_follows_a_phone_to_its_next_connection(world: World) -> None:
    anna, boris = await talking_over_a_stream(world)
    assert await boris.register() == 200
    assert await anna.call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_hears_of_the_end_of_its_call_when_it_is_back(world: World) -> None:
    anna, boris = await talking_over_a_stream(world)
    assert await anna.call.hang_up() == 200
    await asyncio.sleep(2)
    assert boris.call.state is CallState.UP
    assert await boris.register() == 200
    await boris.call.until(CallState.ENDED)


@behaviour(loses="what a stream's peer is answered: nothing is said twice over a stream")
async def test_a_phone_gives_up_over_another_connection_and_hears_that_its_call_is_over(world: World) -> None:
    boris = await world.registered("boris")
    anna = world.phone("anna", transport="tcp")
    assert await anna.register() == 200
    call = await anna.dial("102")
    await boris.until_called()
    await call.until(CallState.RINGING)
    anna.wire.drop_stream()
    await asyncio.sleep(0.5)
    await call.hang_up()
    assert call.status == 487


@behaviour()
async def test_a_phone_hangs_up_before_it_is_answered_over_another_connection(world: World) -> None:
    boris = await world.registered("boris")
    anna = world.phone("anna", transport="tcp")
    assert await anna.register() == 200
    call = await anna.dial("102")
    await boris.until_called()
    await call.until(CallState.RINGING)
    anna.wire.drop_stream()
    await asyncio.sleep(0.5)
    assert (await call.bye().final).status == 200
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_behind_a_nat_that_forgets_it_is_told_of_the_end_where_it_registers_next(world: World) -> None:
    nat = Nat("203.0.113.1", ("192.168.1.10",))
    world.network.add_nat(nat)
    boris = world.phone("boris", host="192.168.1.10")
    assert await boris.register() == 200
    anna = await world.registered("anna")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    nat.restart()
    assert await boris.register() == 200
    assert await anna.call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


@behaviour(Setting(hosts=("192.168.0.1",), settings=BrainSettings(advertise="198.51.100.7")))
async def test_inside_phones_see_the_inside_address_and_outside_phones_the_advertised_one(world: World) -> None:
    world.network.add_nat(StaticNat("198.51.100.7", "192.168.0.1", ("192.168.0.10",)))
    anna = world.phone("anna", host="192.168.0.10")
    boris = world.phone("boris", host="203.0.113.50", server="198.51.100.7")
    assert await anna.register() == 200
    assert await boris.register() == 200
    await anna.dial("102")
    call = await boris.until_called()
    assert call.target.endswith("@198.51.100.7:5060") or "198.51.100.7" in call.target
    call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert anna.call.remote is not None
    assert call.remote is not None
    assert (anna.call.remote.address, call.remote.address) == ("192.168.0.1", "198.51.100.7")
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
