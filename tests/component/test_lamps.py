"""Lamps: phones watch the calls of others (RFC 4235), and pick up by what the lamp tells them (RFC 3891)."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.directory.subscriptions import SubscriptionEnded, SubscriptionMade
from softswitch.simulation.behaviour import behaviour, try_straight
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@behaviour()
async def test_a_lamp_is_dark_blinks_while_it_rings_shines_while_they_talk_and_is_dark_again(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    lamps = [await vera.watch("101"), await vera.watch("102")]
    await vera.until(lambda: [one.lamp for one in lamps] == ["idle", "idle"], "dark lamps")
    await anna.dial("102")
    call = await boris.until_called()
    await vera.until(lambda: [one.lamp for one in lamps] == ["early", "early"], "blinking lamps")
    call.answer()
    await vera.until(lambda: [one.lamp for one in lamps] == ["confirmed", "confirmed"], "shining lamps")
    await anna.call.hang_up()
    await vera.until(lambda: [one.lamp for one in lamps] == ["idle", "idle"], "dark lamps")
    for one in lamps:
        assert one.status == 200
        assert one.versions == sorted(set(one.versions))
        assert one.sequence == sorted(set(one.sequence))
        assert all(b"<dialog id=" in body for body in one.bodies)


@behaviour()
async def test_what_rings_is_picked_up_by_an_invite_with_the_replaces_that_the_lamp_tells(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    lamp = await vera.watch("102")
    await anna.dial("102")
    rings = await boris.until_called()
    await vera.until(lambda: lamp.lamp == "early", "the lamp")
    (dialog,) = [one for one in lamp.dialogs() if one.get("direction") == "recipient"]
    assert dialog.get("call-id") == rings.sip_call_id
    assert dialog.get("local-tag") == rings.local_tag or world.switch.lost_messages
    picked = await vera.dial("102", headers=(("Replaces", lamp.replaces()),))
    await picked.until(CallState.UP)
    await anna.call.until(CallState.UP)
    await rings.until(CallState.ENDED)
    assert (rings.status, rings.reasons) == (487, [ELSEWHERE])
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await picked.hang_up()
    await anna.call.until(CallState.ENDED)
    await vera.until(lambda: lamp.lamp == "idle", "the dark lamp")


@behaviour()
async def test_a_lamp_that_is_switched_on_in_the_middle_of_a_call_shines_at_once(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    lamp = await vera.watch("102")
    await vera.until(lambda: lamp.lamp == "confirmed", "the shining lamp")
    assert b"sip:101@example.net" in lamp.bodies[-1]
    await anna.call.hang_up()
    await vera.until(lambda: lamp.lamp == "idle", "the dark lamp")


@behaviour()
async def test_a_subscription_that_is_given_up_is_told_for_the_last_time_and_then_never_again(world: World) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    await world.registered("boris")
    lamp = await vera.watch("102")
    await vera.until(lambda: lamp.lamp == "idle", "the lamp")
    assert await lamp.unsubscribe() == 200
    await vera.until(lambda: lamp.is_over, "the end")
    told = len(lamp.bodies)
    await anna.dial("102")
    await asyncio.sleep(2)
    await anna.call.hang_up()
    await asyncio.sleep(5)
    assert len(lamp.bodies) == told
    assert world.switch.brain.counts()["subscriptions"] == 0


@behaviour()
async def test_a_subscription_that_nobody_refreshes_ends_and_one_that_is_refreshed_does_not(world: World) -> None:
    vera = await world.registered("vera")
    lost, kept = await vera.watch("102"), await vera.watch("101")
    await asyncio.sleep(3000)
    assert await kept.subscribe() == 200
    await vera.until(lambda: lost.is_over, "the end", limit_s=700)
    assert not kept.is_over
    assert world.switch.brain.counts()["subscriptions"] == 1


@pytest.mark.parametrize("status", [481, 0])
@behaviour()
async def test_a_phone_that_knows_nothing_of_it_or_does_not_answer_is_told_no_more(world: World, status: int) -> None:
    anna, vera = await world.registered("anna"), await world.registered("vera")
    lamp = await vera.watch("101")
    await vera.until(lambda: lamp.lamp == "idle", "the lamp")
    lamp.answers = [status] * 12
    await anna.dial("*99")
    await asyncio.sleep(40)
    await anna.call.hang_up()
    await asyncio.sleep(40)
    assert world.switch.brain.counts()["subscriptions"] == 0


@behaviour()
async def test_a_phone_that_comes_back_on_another_port_is_told_there(world: World) -> None:
    anna = await world.registered("anna")
    vera = await world.registered("vera", habits=Habits(instance="6b29fc40-ca47-1067-b31d-00dd010662da"))
    lamp = await vera.watch("101")
    await vera.until(lambda: lamp.lamp == "idle", "the lamp")
    vera.move(("192.0.2.77", 5060))
    assert await vera.register() == 200
    await anna.dial("*99")
    await vera.until(lambda: lamp.lamp == "confirmed", "the lamp")
    await anna.call.hang_up()
    await vera.until(lambda: lamp.lamp == "idle", "the dark lamp")


@pytest.mark.parametrize(
    ("number", "package", "headers", "status"),
    [
        ("999", "dialog", (), 404),
        ("102", "nonsense", (), 489),
        ("102", "dialog", (("Accept", "application/pidf+xml"),), 406),
        ("102", "message-summary", (), 403),
    ],
)
@behaviour()
async def test_what_cannot_be_watched_is_refused_and_nothing_is_kept(
    world: World, number: str, package: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    vera = await world.registered("vera")
    assert (await vera.watch(number, package, headers=headers)).status == status
    if status == 489:
        assert "dialog" in (vera.last_response.get("Allow-Events") or "" if vera.last_response else "")
    assert world.facts(SubscriptionMade) == []


@behaviour()
async def test_a_stranger_watches_nobody(world: World) -> None:
    stranger = world.phone("mallory")
    assert (await stranger.watch("101")).status == 401
    guesser = world.phone("vera", name="guesser", password="wrong")
    assert (await guesser.watch("101")).status == 401
    assert world.facts(SubscriptionMade) == []


@behaviour()
async def test_too_brief_a_time_is_423_and_one_look_is_one_notify(world: World) -> None:
    vera = await world.registered("vera")
    lamp = await vera.watch("102")
    await vera.until(lambda: lamp.lamp == "idle", "the lamp")
    assert await lamp.subscribe(5) == 423
    again = await vera.watch("101")
    await again.unsubscribe()
    await vera.until(lambda: again.is_over, "the end")
    assert [ended.reason for ended in world.facts(SubscriptionEnded)] == ["unsubscribed"]  # type: ignore[attr-defined]


def test_three_hundred_lamps_of_one_extension_all_follow_it() -> None:
    try_straight(_three_hundred_lamps, Setting(), seed=1)


async def _three_hundred_lamps(world: World) -> None:
    anna = await world.registered("anna")
    watchers = [await world.registered(name) for name in ("boris", "vera", "gleb")]
    lamps = [await watcher.watch("101") for watcher in watchers for _ in range(100)]
    await anna.dial("*99")
    for watcher in watchers:
        await watcher.until(lambda: all(one.lamp == "confirmed" for one in lamps), "every lamp")
    await anna.call.hang_up()
    for watcher in watchers:
        await watcher.until(lambda: all(one.lamp == "idle" for one in lamps), "every lamp dark")
    assert await watchers[0].register() == 200
