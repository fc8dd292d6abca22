"""Keys that phones tell by INFO: they lead through scenarios and reach the partner, once each."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.network import Conditions
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.test_hold import by_side, connected
from tests.component.test_scenario import MENU, OTHER, calling, press, scenario, sounds

RELAY = "application/dtmf-relay"
KEYPAD = "0123456789*#ABCD"


@pytest.mark.parametrize("side", ["caller", "callee"])
@behaviour()
async def test_a_key_told_by_info_reaches_the_partner(world: World, side: str) -> None:
    await connected(world)
    presser, other = by_side(world, side)
    assert await presser.call.info(RELAY, "Signal=5\r\nDuration=160\r\n") == 200
    assert await presser.call.info("application/dtmf", "#") == 200
    (conversation_id,) = world.switch.brain.calls.conversations
    partner = f"{conversation_id}.{2 if side == 'caller' else 1}"
    assert world.switch.media.keys_sent == [(partner, "5"), (partner, "#")]
    assert other.call.state is CallState.UP


async def press_all(world: World) -> None:
    """Press each key at one phone; the partner is sent each once, in this order."""
    anna, _ = await connected(world)
    for key in KEYPAD:
        assert await anna.call.info(RELAY, f"Signal={key}\r\nDuration=160\r\n") == 200
    assert "".join(key for _, key in world.switch.media.keys_sent) == KEYPAD


@behaviour(Setting(conditions=Conditions(loss=0.02)))
async def test_all_keys_told_by_info_arrive_once_each_where_two_of_a_hundred_packets_get_lost(world: World) -> None:
    await press_all(world)


@behaviour(Setting(conditions=Conditions(loss=0.05)))
async def test_all_keys_told_by_info_arrive_once_each_where_five_of_a_hundred_packets_get_lost(world: World) -> None:
    await press_all(world)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(RELAY, "Signal=99\r\n", id="no key"),
        pytest.param(RELAY, "Signal=!\r\n", id="hook flash"),
        pytest.param("application/media_control+xml", "<media_control/>", id="something else"),
    ],
)
@behaviour()
async def test_an_info_that_names_no_key_is_answered_and_does_nothing(
    world: World, content_type: str, body: str
) -> None:
    anna, _ = await connected(world)
    assert await anna.call.info(content_type, body) == 200
    assert world.switch.media.keys_sent == []
    assert anna.call.state is CallState.UP


@behaviour(scenario(MENU, other=OTHER))
async def test_a_key_told_by_info_takes_its_branch(world: World) -> None:
    sounds(world, menu=30, other=4)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(2)
    assert await call.info(RELAY, "Signal=1\r\nDuration=160\r\n") == 200
    (await boris.until_called(limit_s=2)).answer()
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    assert await call.hang_up() == 200


@behaviour(
    scenario("  - digits: {file: enter.wav, wait_s: 10}\n"),
    differs="which keys came by INFO is no fact: one may count twice",
)
async def test_a_key_that_a_phone_tells_in_both_ways_counts_once(world: World) -> None:
    """If the two ways had each their key, the extension would be 1100."""
    sounds(world, enter=30)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    for key in "102":
        if key == "1":  # the event of the first one is slower than the INFO, the others are faster
            await call.info(RELAY, f"Signal={key}\r\n")
            press(world, key)
        else:
            press(world, key)
            await asyncio.sleep(0.1)
            await call.info(RELAY, f"Signal={key}\r\n")
        await asyncio.sleep(0.2)
    (await boris.until_called(limit_s=12)).answer()
    await call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    assert await call.hang_up() == 200
