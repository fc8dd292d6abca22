"""Services of RFC 5359 that are made of others: moving to short messages, and calling back when a line is free."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


@behaviour()
async def test_rfc5359_2_6_who_is_to_be_written_to_is_not_called(world: World) -> None:
    """A phone's REFER to a message is refused and ends nothing; the message itself goes beside the call."""
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    await anna.dial("102")
    end = await boris.until_called()
    end.answer()
    await anna.call.until(CallState.UP)
    assert await end.refer("103", method="MESSAGE") == 202
    await boris.until(lambda: end.progress[-1:] == [603], "the refusal")
    assert await anna.say("103", "Anna here, Boris sent me") == 202
    await vera.until(lambda: vera.messages == [("101", "Anna here, Boris sent me")], "the message")
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert not vera.calls
    await anna.call.hang_up()


@behaviour()
async def test_rfc5359_2_17_a_phone_calls_again_by_itself_when_the_busy_one_is_free(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    await vera.dial("102")
    talk = await boris.until_called()
    talk.answer()
    await vera.call.until(CallState.UP)
    first = await anna.dial("102")
    (await boris.until_called(times=2)).reject(486)
    await first.until(CallState.ENDED)
    assert first.status == 486
    watched = await anna.watch("102")
    await anna.until(lambda: watched.lamp == "confirmed", "that Boris talks")
    await asyncio.sleep(30)
    assert watched.lamp == "confirmed"
    await vera.call.hang_up()
    await anna.until(lambda: watched.lamp == "idle", "that Boris is free")
    again = await anna.dial("102")
    (await boris.until_called(times=3)).answer()
    await again.until(CallState.UP)
    assert await watched.unsubscribe() == 200
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await again.hang_up()
