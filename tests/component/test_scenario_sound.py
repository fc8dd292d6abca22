"""What callers hear before they are answered, and what those hear who answer them."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.calls.facts import ConversationEnded
from softswitch.calls.guide_facts import LegPlaySteered
from softswitch.core.errors import CommandError
from softswitch.scenario.facts import ScenarioEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World
from tests.component.test_scenario import calling, ends, heard, press, scenario, sounds

EARLY = "  - play: {file: closed.wav, early: true}\n"


@behaviour(scenario(EARLY + "  - hang_up: {reason: busy}\n"))
async def test_an_announcement_before_the_answer_costs_the_caller_nothing(world: World) -> None:
    sounds(world, closed=5)
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert CallState.UP not in call.history
    assert (call.status, heard(world)) == (486, ["closed.wav"])
    assert world.facts(ConversationEnded) == [ConversationEnded("busy", 486)]


@behaviour(scenario(EARLY + "  - employee: {name: boris}\n"))
async def test_whoever_answers_after_an_early_announcement_talks_with_the_caller(world: World) -> None:
    sounds(world, closed=2)
    boris = await world.registered("boris")
    call = await calling(world)
    rung = await boris.until_called()
    await asyncio.sleep(3)
    assert CallState.UP not in call.history
    rung.answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(boris) == {"anna"}
    assert world.hears(world.phones["anna"]) == {"boris"}
    assert await call.hang_up() == 200


@behaviour(scenario(EARLY + "  - play: {file: welcome.wav}\n  - hang_up: {}\n"))
async def test_a_step_that_answers_follows_one_that_does_not(world: World) -> None:
    sounds(world, closed=2, welcome=2)
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert CallState.UP in call.history
    assert heard(world) == ["closed.wav", "welcome.wav"]


@behaviour(scenario("  - play: {file: welcome.wav}\n  - hang_up: {}\n"))
async def test_a_prompt_stands_still_goes_on_and_moves_by_a_command(world: World) -> None:
    sounds(world, welcome=20)
    call = await calling(world)
    await call.until(CallState.UP)
    caller = next(leg for leg in world.switch.media.legs if leg.endswith(".1"))
    await asyncio.sleep(2)
    world.order(lambda lines: lines.playback(caller, paused=True, sound=None, at_s=None))
    await asyncio.sleep(100)
    assert CallState.ENDED not in call.history
    world.order(lambda lines: lines.playback(caller, paused=False, sound=None, at_s=None))
    await asyncio.sleep(1)
    world.order(lambda lines: lines.playback(caller, paused=None, sound=0, at_s=15))
    await asyncio.sleep(4)
    assert CallState.ENDED not in call.history
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.playback(caller, paused=None, sound=3, at_s=None))
    assert (refused.value.error_id, refused.value.status) == ("bad-sound", 422)
    await asyncio.sleep(2)
    assert CallState.ENDED in call.history
    assert world.facts(LegPlaySteered) == [
        LegPlaySteered(caller, 1, paused=True, moves=0, sound=0, at_ms=0),
        LegPlaySteered(caller, 1, paused=False, moves=0, sound=0, at_ms=0),
        LegPlaySteered(caller, 1, paused=False, moves=1, sound=0, at_ms=15_000),
    ]


NAME = "  - record_name: {file: who.wav, most_s: 3}\n  - employee: {name: boris}\n"


@pytest.mark.parametrize("how", ["key", "silence", "limit"])
@behaviour(scenario(NAME))
async def test_whoever_takes_the_call_hears_first_who_calls(world: World, how: str) -> None:
    sounds(world, who=2)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(4)
    (recording,) = world.switch.media.recordings.values()
    world.switch.media.lengths_s[f"file:{recording.path}"] = 2.0
    if how == "key":
        press(world, "#")
    elif how == "silence":
        world.switch.media.say_nothing_more(next(leg for leg in world.switch.media.legs if leg.endswith(".1")))
    (await boris.until_called(limit_s=5)).answer()
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    leg, played = world.switch.media.played[-1]
    assert (leg.rpartition(".")[2], played) == ("2", (f"file:{recording.path}",))
    await asyncio.sleep(5)
    assert world.hears(boris) == {"anna"}
    assert not world.switch.errands.deleted
    assert await call.hang_up() == 200
    await asyncio.sleep(1)
    assert [each["path"] for each in world.switch.errands.deleted.values()] == [recording.path]


@behaviour(scenario(NAME))
async def test_a_caller_who_says_nothing_is_rung_for_without_a_name(world: World) -> None:
    sounds(world, who=2)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(2.3)
    press(world, "#")
    (await boris.until_called(limit_s=8)).answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert ends(world) == ["nothing was said"]
    (ended,) = [fact for fact in world.facts(ScenarioEnded) if isinstance(fact, ScenarioEnded)]
    assert not ended.sounds
    assert await call.hang_up() == 200


@behaviour(scenario("  - fax: {}\n  - hang_up: {reason: busy}\n"))
async def test_callers_pass_over_a_fax_step(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED, limit_s=5)
    assert (call.status, ends(world)) == (486, ["not available"])
