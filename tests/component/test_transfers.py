"""Transfers by REFER and pickups by INVITE with Replaces, as phones ask for them (RFC 5589, RFC 3891)."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls import facts
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World
from softswitch.sip.message import Header


async def talk(world: World, caller: str, callee: str, number: str) -> tuple[Call, Call]:
    """Let one phone call another, both registered; return both ends."""
    first, second = world.phones[caller], world.phones[callee]
    times = sum(not call.outgoing for call in second.calls) + 1
    out = await first.dial(number)
    there = await second.until_called(times=times)
    there.answer()
    await out.until(CallState.UP)
    await second.until(lambda: there.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return out, there


async def registered(world: World, **habits: Habits) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    for name in ("anna", "boris", "vera"):
        await world.registered(name, habits=habits.get(name))
    return world.phones["anna"], world.phones["boris"], world.phones["vera"]


def kept_conversation(world: World) -> bool:
    """Whether all segments of the talk between the first and the last belong to one conversation."""
    started = world.facts(facts.SegmentStarted)
    return [fact.segment for fact in started if isinstance(fact, facts.SegmentStarted)] == [1, 2]


@pytest.mark.parametrize("side", ["callee", "caller"])
@behaviour()
async def test_a_blind_transfer_joins_the_other_with_the_target_in_one_conversation(world: World, side: str) -> None:
    anna, boris, vera = await registered(world)
    ends = await talk(world, "anna", "boris", "102")
    transferor, remaining = (ends[1], anna) if side == "callee" else (ends[0], boris)
    assert await transferor.refer("103") == 202
    there = await vera.until_called()
    await asyncio.sleep(1)
    assert world.hears(boris if side == "callee" else anna) == set()
    there.answer()
    await transferor.until(CallState.ENDED)
    await asyncio.sleep(1)
    told = transferor.progress  # a brain that dies before the last NOTIFY says BYE again, and that alone
    assert told == [100, 180, 200][: len(told)]
    assert (world.hears(remaining), world.hears(vera)) == ({"vera"}, {remaining.name})
    assert kept_conversation(world)
    await vera.call.hang_up()
    await remaining.call.until(CallState.ENDED)


@behaviour()
async def test_a_transferor_that_hangs_up_at_once_leaves_the_transfer_going(world: World) -> None:
    anna, _boris, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("103") == 202
    await vera.until_called()
    await end.hang_up()
    await asyncio.sleep(1)
    vera.call.answer()
    await asyncio.sleep(2)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_a_blind_transfer_that_is_declined_does_not_come_back(world: World) -> None:
    anna, _, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("103") == 202
    (await vera.until_called()).decline()
    await anna.call.until(CallState.ENDED)
    await end.until(CallState.ENDED)
    assert end.progress[-1] == 603


@behaviour()
async def test_a_blind_transfer_that_nobody_answers_ends_after_a_minute(world: World) -> None:
    anna, _, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("103") == 202
    await vera.until_called()
    await anna.call.until(CallState.ENDED, limit_s=130)
    await end.until(CallState.ENDED)
    await vera.call.until(CallState.ENDED)
    assert end.progress[-1] == 480


@pytest.mark.parametrize(
    ("number", "status"), [("999", 404), ("104", 480), ("*99", 603), ("sip:103@pbx.example.org", 404)]
)
@behaviour()
async def test_a_target_that_cannot_be_leaves_the_talk_as_it_was(world: World, number: str, status: int) -> None:
    anna, boris, _ = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer(number) == 202
    await boris.until(lambda: end.progress == [status], "the NOTIFY")
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_a_transferor_that_wants_no_notify_gets_none(world: World) -> None:
    anna, _, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("999", silent=True) == 603
    assert await end.refer("103", silent=True) == 200
    (await vera.until_called()).answer()
    await end.until(CallState.ENDED)
    assert end.progress == []
    await anna.call.hang_up()


@pytest.mark.parametrize("consulted", ["called", "calls"])
@behaviour()
async def test_an_attended_transfer_moves_the_target_into_the_conversation(world: World, consulted: str) -> None:
    anna, _boris, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    await end.hold()
    if consulted == "called":
        own, _ = await talk(world, "boris", "vera", "103")
    else:
        _, own = await talk(world, "vera", "boris", "102")
    assert await end.refer("103", to_call=own) == 202
    await end.until(CallState.ENDED)
    await own.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert end.progress[-1] == 200
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert len([c for c in world.switch.brain.calls.conversations.values() if c.talking]) == 1
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_a_transfer_to_a_phone_that_still_rings_lets_it_ring_on(world: World) -> None:
    anna, boris, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    own = await boris.dial("103")
    await own.until(CallState.RINGING)
    assert await end.refer("103", to_call=own) == 202
    await own.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert vera.call.state is CallState.RINGING
    vera.call.answer()
    await end.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await vera.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_call_of_somebody_else_is_not_transferred_to(world: World) -> None:
    anna, boris, _vera = await registered(world)
    gleb = await world.registered("gleb")
    _, end = await talk(world, "anna", "boris", "102")
    foreign, _ = await talk(world, "gleb", "vera", "103")
    assert await end.refer("103", to_call=foreign) == 202
    await boris.until(lambda: end.progress == [603], "the NOTIFY")
    assert (world.hears(anna), world.hears(gleb)) == ({"boris"}, {"vera"})
    await anna.call.hang_up()
    await gleb.call.hang_up()


@behaviour()
async def test_a_consultation_that_is_over_leaves_the_caller_with_the_operator(world: World) -> None:
    anna, boris, _vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    own, there = await talk(world, "boris", "vera", "103")
    await there.hang_up()
    await own.until(CallState.ENDED)
    assert await end.refer("103", to_call=own) == 202
    await boris.until(lambda: end.progress == [603], "the NOTIFY")
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_the_caller_is_offered_another_codec_where_the_target_needs_it(world: World) -> None:
    pcma, pcmu = ((8, "PCMA/8000"),), ((0, "PCMU/8000"),)
    anna, _boris, vera = await registered(world, boris=Habits(payloads=pcma), vera=Habits(payloads=pcmu))
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("103") == 202
    (await vera.until_called()).answer()
    await end.until(CallState.ENDED)
    await asyncio.sleep(2)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert [line.what for line in anna.log if not line.sent].count("INVITE") == 1
    await anna.call.hang_up()


@behaviour()
async def test_where_the_codec_fits_the_caller_hears_nothing_of_the_transfer(world: World) -> None:
    anna, _, vera = await registered(world)
    _, end = await talk(world, "anna", "boris", "102")
    assert await end.refer("103") == 202
    (await vera.until_called()).answer()
    await end.until(CallState.ENDED)
    await asyncio.sleep(2)
    assert "INVITE" not in [line.what for line in anna.log if not line.sent]
    await anna.call.hang_up()


# Pickup


def replaces(call: Call, *more: str) -> tuple[Header, ...]:
    """Name the dialog that the switch has with that call's phone."""
    text = f"{call.sip_call_id};to-tag={call.remote_tag};from-tag={call.local_tag}"
    return (("Replaces", ";".join([text, *more])), ("Require", "replaces"))


@behaviour()
async def test_a_ringing_call_is_picked_up_and_the_phone_shows_no_missed_call(world: World) -> None:
    anna, boris, vera = await registered(world)
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    picked = await vera.dial("102", headers=replaces(rings, "early-only"))
    await picked.until(CallState.UP)
    await anna.call.until(CallState.UP)
    await rings.until(CallState.ENDED)
    assert any("Call completed elsewhere" in reason for reason in rings.reasons)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await picked.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_pickup_that_races_with_the_answer_has_one_winner(world: World) -> None:
    anna, boris, vera = await registered(world)
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    picked = await vera.dial("102", headers=replaces(rings))
    rings.answer()
    await asyncio.sleep(3)
    assert [picked.state, rings.state].count(CallState.UP) == 1
    winner = "vera" if picked.state is CallState.UP else "boris"
    assert world.hears(anna) == {winner}
    await anna.call.hang_up()


@behaviour()
async def test_a_user_takes_their_own_talk_to_another_phone(world: World) -> None:
    anna, boris, _ = await registered(world)
    second = await world.registered("boris", name="mobile")
    _, end = await talk(world, "anna", "boris", "102")
    taken = await second.dial("101", headers=replaces(end))
    await taken.until(CallState.UP)
    await end.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(second)) == ({"mobile"}, {"anna"})
    assert boris.call.over
    await taken.hang_up()


@pytest.mark.parametrize(
    ("who", "more", "status"), [("vera", (), 403), ("mobile", ("early-only",), 486)], ids=["another", "early-only"]
)
@behaviour()
async def test_a_talk_is_not_taken_by_others_nor_by_a_pickup(
    world: World, who: str, more: tuple[str, ...], status: int
) -> None:
    anna, boris, _ = await registered(world)
    await world.registered("boris", name="mobile")
    _, end = await talk(world, "anna", "boris", "102")
    refused = await world.phones[who].dial("102", headers=replaces(end, *more))
    await world.phones[who].until(lambda: refused.over, "the refusal")
    assert refused.status == status
    assert world.hears(anna) == {"boris"}
    await anna.call.hang_up()
    assert await boris.register() == 200


@behaviour()
async def test_a_dialog_that_nobody_knows_is_481(world: World) -> None:
    _, _, vera = await registered(world)
    header = ("Replaces", "nobody@nowhere;to-tag=a;from-tag=b")
    refused = await vera.dial("102", headers=(header,))
    await vera.until(lambda: refused.over, "the refusal")
    assert refused.status == 481
