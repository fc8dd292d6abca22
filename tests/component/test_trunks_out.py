"""Calls that leave through a trunk; the carrier is a phone at its address that nobody registered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from softswitch.calls.facts import ConversationEnded, LegAdded
from softswitch.directory.site import Route, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

NUMBER = "+79161112233"
TRUNK = Trunk("pstn", "198.51.100.5", 5060, "udp", False, caller_id="+74950000001", identity="pai", codecs=("PCMA",))
ROUTES = (Route("out", "pstn", r"^\+?[0-9]{10,15}$"),)
USUAL = Setting(trunks=(TRUNK,), routes=ROUTES, emergency={"112": ("out",)})
TWO_HOSTS = replace(USUAL, trunks=(replace(TRUNK, backups=("198.51.100.6",)),))
ONE_CALL = replace(USUAL, trunks=(replace(TRUNK, calls=1),))


def carrier(world: World, host: str = "198.51.100.5", habits: Habits | None = None) -> SimulatedPhone:
    return world.phone("carrier", name=host, host=host, habits=habits)


@behaviour(USUAL)
async def test_a_call_leaves_is_heard_and_ends_from_either_side(world: World) -> None:
    anna, out = await world.registered("anna"), carrier(world)
    for times, (hanging_up, other) in enumerate(((anna, out), (out, anna)), start=1):
        await anna.dial(NUMBER)
        call = await out.until_called(times=times)
        call.ring()
        await anna.call.until(CallState.RINGING)
        call.answer()
        await anna.call.until(CallState.UP)
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(out)) == ({out.name}, {"anna"})
        assert await hanging_up.call.hang_up() == 200
        await other.call.until(CallState.ENDED)
    added = [fact for fact in world.facts(LegAdded) if isinstance(fact, LegAdded) and fact.trunk]
    assert {fact.uri for fact in added} == {f"sip:{NUMBER}@198.51.100.5:5060"}
    assert {fact.caller for fact in added} == {"<sip:+74950000001@198.51.100.5>"}
    assert {fact.headers for fact in added} == {("P-Asserted-Identity: <sip:+74950000001@198.51.100.5>",)}


@behaviour(USUAL)
async def test_early_media_of_the_carrier_is_heard(world: World) -> None:
    anna, out = await world.registered("anna"), carrier(world)
    await anna.dial(NUMBER)
    (await out.until_called()).early_media()
    await asyncio.sleep(1)
    assert world.hears(anna) == {out.name}
    anna.call.cancel()
    await out.call.until(CallState.ENDED)
    assert out.call.status == 487


@behaviour(USUAL)
async def test_a_restart_while_a_call_with_early_media_is_given_up_leaves_no_room(world: World) -> None:
    anna, out = await world.registered("anna"), carrier(world)
    await anna.dial(NUMBER)
    (await out.until_called()).early_media()
    await asyncio.sleep(1)
    world.switch.media.slow_s = 1.0  # the ports are being closed for so long
    anna.call.cancel()
    await out.call.until(CallState.ENDED)
    world.switch.refold()
    world.switch.media.slow_s = 0.0
    await anna.call.until(CallState.ENDED)


@behaviour(TWO_HOSTS)
async def test_a_host_that_fails_is_followed_by_the_next(world: World) -> None:
    anna = await world.registered("anna")
    first, second = carrier(world), carrier(world, "198.51.100.6")
    await anna.dial(NUMBER)
    (await first.until_called()).reject(503)
    (await second.until_called()).answer()
    await anna.call.until(CallState.UP)
    assert await anna.call.hang_up() == 200
    await second.call.until(CallState.ENDED)


@behaviour(TWO_HOSTS)
async def test_a_host_that_does_not_answer_is_followed_by_the_next(world: World) -> None:
    anna, second = await world.registered("anna"), carrier(world, "198.51.100.6")
    await anna.dial(NUMBER)
    (await second.until_called(limit_s=60)).answer()
    await anna.call.until(CallState.UP)
    assert await anna.call.hang_up() == 200
    await second.call.until(CallState.ENDED)


@behaviour(TWO_HOSTS)
async def test_a_refusal_by_whoever_is_called_is_final(world: World) -> None:
    anna = await world.registered("anna")
    carrier(world, habits=Habits(incoming=Incoming.BUSY))
    second = carrier(world, "198.51.100.6")
    call = await anna.dial(NUMBER)
    await call.until(CallState.ENDED)
    assert call.status == 486
    assert not second.calls


@behaviour(ONE_CALL)
async def test_a_full_trunk_is_503_and_an_emergency_call_leaves_all_the_same(world: World) -> None:
    anna, boris, out = await world.registered("anna"), await world.registered("boris"), carrier(world)
    await anna.dial(NUMBER)
    (await out.until_called()).answer()
    await anna.call.until(CallState.UP)
    refused = await boris.dial(NUMBER)
    await refused.until(CallState.ENDED)
    assert refused.status == 503
    words = [fact.reason for fact in world.facts(ConversationEnded) if isinstance(fact, ConversationEnded)]
    assert words == ["trunk-full"]
    await boris.dial("112")
    (await out.until_called(times=2)).answer()
    await boris.call.until(CallState.UP)
    assert await boris.call.hang_up() == 200
    assert await anna.call.hang_up() == 200
    for call in out.calls:
        await call.until(CallState.ENDED)


@behaviour(USUAL)
async def test_a_number_that_no_route_takes_is_404(world: World) -> None:
    anna = await world.registered("anna")
    call = await anna.dial("12345")
    await call.until(CallState.ENDED)
    assert call.status == 404


@behaviour(USUAL)
async def test_nobody_without_a_password_gets_out(world: World) -> None:
    out = carrier(world)
    stranger = world.phone("anna", host="203.0.113.66", password="wrong")
    call = await stranger.dial(NUMBER)
    await call.until(CallState.ENDED)
    assert call.status == 401
    assert not out.calls
