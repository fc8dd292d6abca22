"""A phone that answers and transfers at once, before the caller's ACK of our 200 has come (RFC 3261 §13.3.1.4)."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls import facts
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.network import Conditions
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World
from tests.component.test_transfers import kept_conversation, registered, talk

ACK_COMES_AFTER_S = 3.0


def slow_way(world: World, conditions: Conditions) -> None:
    """Say how what the caller sends comes to the switch; what the switch sends comes at once."""
    world.network.set_one_way(world.phones["anna"].address[0], world.switch.address[0], conditions)


async def answered_without_ack(world: World, *, waits: bool = True, offer: bool = True, loss: float = 0.0) -> Call:
    """Let the first phone call the second one, whose side is up while the caller's ACK is on its way for seconds."""
    anna, boris = world.phones["anna"], world.phones["boris"]
    out = await anna.dial("102", offer=offer)
    there = await boris.until_called()
    await out.until(CallState.RINGING)
    slow_way(world, Conditions(loss, ACK_COMES_AFTER_S))
    there.answer()
    if waits:
        await boris.until(lambda: there.acknowledged, "the ACK")
        await out.until(CallState.UP)
    assert not acknowledged(world)
    return there


def acknowledged(world: World) -> bool:
    return bool(world.facts(facts.LegAcknowledged))


async def hear_each_other(world: World) -> None:
    """See that caller and target talk, and that the call ends with the caller."""
    anna, vera = world.phones["anna"], world.phones["vera"]
    await asyncio.sleep(ACK_COMES_AFTER_S)
    assert acknowledged(world)
    slow_way(world, Conditions())
    await asyncio.sleep(5)  # an offer that had to wait for the ACK is tried again every two seconds at most
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert kept_conversation(world)
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@pytest.mark.parametrize("offer", [True, False], ids=["offer in the INVITE", "offer in the 200"])
@pytest.mark.parametrize("answers_s", [0.0, ACK_COMES_AFTER_S + 2], ids=["before the ACK", "after the ACK"])
@behaviour()
async def test_a_blind_transfer_before_the_callers_ack_succeeds(world: World, answers_s: float, offer: bool) -> None:
    _, _, vera = await registered(world)
    end = await answered_without_ack(world, offer=offer)
    assert await end.refer("103") == 202
    there = await vera.until_called()
    await asyncio.sleep(answers_s)
    there.answer()
    await end.until(CallState.ENDED)
    await hear_each_other(world)


@behaviour()
async def test_a_phone_may_transfer_in_the_moment_of_its_answer(world: World) -> None:
    _, _, vera = await registered(world)
    end = await answered_without_ack(world, waits=False)
    assert await end.refer("103") == 202
    (await vera.until_called()).answer()
    await end.until(CallState.ENDED)
    await hear_each_other(world)


@behaviour()
async def test_the_caller_is_offered_the_targets_codec_once_its_ack_has_come(world: World) -> None:
    pcma, pcmu = ((8, "PCMA/8000"),), ((0, "PCMU/8000"),)
    anna, _, vera = await registered(world, boris=Habits(payloads=pcma), vera=Habits(payloads=pcmu))
    end = await answered_without_ack(world)
    assert await end.refer("103") == 202
    (await vera.until_called()).answer()
    await end.until(CallState.ENDED)
    assert "INVITE" not in [line.what for line in anna.log if not line.sent]
    await hear_each_other(world)
    assert "INVITE" in [line.what for line in anna.log if not line.sent]


@behaviour()
async def test_an_attended_transfer_before_the_callers_ack_succeeds(world: World) -> None:
    await registered(world)
    own, _ = await talk(world, "boris", "vera", "103")
    out = await world.phones["anna"].dial("102")
    there = await world.phones["boris"].until_called(times=1)
    await out.until(CallState.RINGING)
    slow_way(world, Conditions(delay_s=ACK_COMES_AFTER_S))
    there.answer()
    await world.phones["boris"].until(lambda: there.acknowledged, "the ACK")
    assert await there.refer("103", to_call=own) == 202
    await own.until(CallState.ENDED)
    await there.until(CallState.ENDED)
    await asyncio.sleep(ACK_COMES_AFTER_S + 1)
    anna, vera = world.phones["anna"], world.phones["vera"]
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    slow_way(world, Conditions())
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_a_caller_whose_ack_never_comes_ends_the_transfer_too(world: World) -> None:
    anna, _, vera = await registered(world)
    end = await answered_without_ack(world, loss=1.0)
    assert await end.refer("103") == 202
    (await vera.until_called()).answer()
    await vera.call.until(CallState.ENDED, limit_s=40)
    await anna.call.until(CallState.ENDED, limit_s=40)
    assert not acknowledged(world)
