"""The two-legged call: from dialling to hanging up, and what each phone hears meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls.facts import ConversationEnded, SegmentEnded, SegmentStarted
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World


async def two(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    return await world.registered("anna"), await world.registered("boris")


async def connected(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    """Two registered phones that talk."""
    anna, boris = await two(world)
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return anna, boris


@pytest.mark.parametrize("ender", ["caller", "callee"])
@behaviour()
async def test_a_call_rings_is_answered_is_heard_and_ends_from_either_side(world: World, ender: str) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    assert world.hears(anna) == world.hears(boris) == set()
    await asyncio.sleep(4)
    call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(30)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    first, second = (anna, boris) if ender == "caller" else (boris, anna)
    assert await first.call.hang_up() == 200
    await second.call.until(CallState.ENDED)
    assert [first.call.ended_by, second.call.ended_by] == ["here", "there"]
    assert second.call.reasons == ['Q.850;cause=16;text="Normal call clearing"']
    (ended,) = world.facts(ConversationEnded)
    assert ended == ConversationEnded("completed", 200)
    assert len(world.facts(SegmentStarted)) == len(world.facts(SegmentEnded)) == 1


@behaviour()
async def test_the_callee_sees_who_calls(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    assert call.invite_exchange is not None
    caller = call.invite_exchange.request.from_
    assert (caller.uri.user, caller.display_name) == ("101", "Anna")
    assert call.invite_exchange.request.uri == boris.contact_uri
    call.decline()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_the_caller_gives_up_and_the_phone_stops_ringing(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    assert await anna.call.hang_up() == 487
    await call.until(CallState.ENDED)
    assert (call.status, call.ended_by) == (487, "there")


@behaviour()
async def test_a_caller_who_gives_up_at_once_never_leaves_a_phone_ringing(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    assert await anna.call.hang_up() == 487
    await asyncio.sleep(40)
    assert all(call.state is CallState.ENDED for call in boris.calls)


@behaviour()
async def test_caller_cancels_as_callee_answers(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    call.answer()
    anna.call.cancel()
    await anna.call.until(CallState.ENDED)
    await call.until(CallState.ENDED)


@behaviour()
async def test_both_hang_up_at_once(world: World) -> None:
    anna, boris = await connected(world)
    assert list(await asyncio.gather(anna.call.hang_up(), boris.call.hang_up())) == [200, 200]


@behaviour()
async def test_the_callee_hangs_up_in_the_moment_of_answering(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    call.answer()
    assert await call.hang_up() == 200
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_early_media_is_heard_before_the_answer(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102")
    call = await boris.until_called()
    call.early_media()
    await anna.call.until(CallState.EARLY)
    await asyncio.sleep(1)
    assert world.hears(anna) == {"boris"}
    call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_the_echo_test_lets_a_phone_hear_itself(world: World) -> None:
    anna = await world.registered("anna")
    await anna.dial("*99")
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(anna) == {"anna"}
    assert await anna.call.hang_up() == 200


@behaviour()
async def test_a_caller_without_an_offer_answers_ours_in_the_ack(world: World) -> None:
    anna, boris = await two(world)
    await anna.dial("102", offer=False)
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_two_phones_talk_in_the_one_codec_that_both_know_with_their_own_numbers(world: World) -> None:
    anna = await world.registered("anna", habits=Habits(payloads=((0, "PCMU/8000"), (8, "PCMA/8000"))))
    boris = await world.registered("boris", habits=Habits(payloads=((8, "PCMA/8000"), (97, "telephone-event/8000"))))
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    (started,) = world.facts(SegmentStarted)
    assert isinstance(started, SegmentStarted)
    assert started.codec == "PCMA"
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_two_calls_at_once_are_two_conversations_and_nobody_hears_the_other_one(world: World) -> None:
    anna, boris = await connected(world)
    vera, gleb = await world.registered("vera"), await world.registered("gleb")
    await vera.dial("104")
    (await gleb.until_called()).answer()
    await vera.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert [world.hears(phone) for phone in (anna, boris, vera, gleb)] == [{"boris"}, {"anna"}, {"gleb"}, {"vera"}]
    await anna.call.hang_up()
    assert world.hears(vera) == {"gleb"}
    await gleb.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_a_slow_phone_that_says_nothing_for_ten_seconds_still_rings(world: World) -> None:
    anna = await world.registered("anna")
    boris = await world.registered("boris", habits=Habits(act_after_s=10))
    await anna.dial("102")
    await anna.call.until(CallState.RINGING)
    boris.call.answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@pytest.mark.parametrize("theirs", [(8, "PCMA/8000"), (9, "G722/8000")], ids=["PCMA", "G722"])
@behaviour()
async def test_phones_without_a_common_codec_talk_each_in_its_own(world: World, theirs: tuple[int, str]) -> None:
    events = (101, "telephone-event/8000")
    boris = await world.registered("boris", habits=Habits(payloads=(theirs, events)))
    anna = await world.registered("anna", habits=Habits(payloads=((0, "PCMU/8000"), events)))
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    encodings = {port.stream.formats[0].encoding for port in world.switch.media.legs.values() if port.stream}
    assert encodings == {"PCMU", theirs[1].partition("/")[0]}
    assert await anna.call.reinvite(anna.call.here()) == 200
    assert await boris.call.reinvite(boris.call.here()) == 200
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_common_codec_is_chosen_end_to_end_where_there_is_one(world: World) -> None:
    boris = await world.registered("boris", habits=Habits(payloads=((9, "G722/8000"), (8, "PCMA/8000"))))
    anna = await world.registered("anna", habits=Habits(payloads=((0, "PCMU/8000"), (8, "PCMA/8000"))))
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    streams = [port.stream for port in world.switch.media.legs.values() if port.stream]
    assert all("PCMA" in {form.encoding for form in stream.formats} for stream in streams)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
