"""Calls of a queue: recorded by the queue's rule, told to its callers, paused by its agents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.app.brain import Brain
from softswitch.core.errors import CommandError
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World
from tests.component.test_queue_callers import CUSTOMER, agent, customer, press, setting
from tests.component.test_recording import leg_of, recorded

NOTICE = "/site/your-call-is-recorded.wav"
ALWAYS = setting(recording="always", recording_notice=NOTICE, recording_pause=True, callback_key="2")


def command(world: World, work: Callable[[Brain], None]) -> None:
    world.switch.in_turn(lambda: world.switch.brain.command(lambda: work(world.switch.brain)))


def refusal(world: World, work: Callable[[Brain], None]) -> str:
    told: list[str] = []

    def ask(brain: Brain) -> None:
        with pytest.raises(CommandError) as error:
            work(brain)
        told.append(error.value.error_id)

    command(world, ask)
    return told[0]


async def served(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    """A customer whom Boris serves."""
    world.switch.media.lengths_s[f"file:{NOTICE}"] = 3.0
    caller, boris = await customer(world), await agent(world, "boris")
    (await boris.until_called()).answer()
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(0.5)
    return caller, boris


def told(world: World) -> list[str]:
    return [leg for leg, sounds in world.switch.media.played if sounds == (f"file:{NOTICE}",)]


@behaviour(ALWAYS)
async def test_a_queue_records_its_calls_tells_the_caller_and_lets_its_agents_pause(world: World) -> None:
    caller, boris = await served(world)
    own, other = leg_of(world, boris), leg_of(world, caller)
    (running,) = world.switch.media.recordings.values()
    assert running.channels == ((other,), (own,))
    assert told(world) == [other]
    await asyncio.sleep(3.5)
    command(world, lambda brain: brain.recording.stop(own, "api"))
    await asyncio.sleep(5)
    assert world.switch.media.recordings == {}
    command(world, lambda brain: brain.recording.start(own, "api"))
    await asyncio.sleep(6)
    await caller.call.hang_up()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert [round(seconds) for _, seconds in recorded(world)] == [4, 6]


@behaviour(replace(ALWAYS, queues=(replace(ALWAYS.queues[0], recording_pause=False),)))
async def test_without_the_queues_leave_nobody_pauses_and_who_is_no_member_never_does(world: World) -> None:
    caller, boris = await served(world)
    leg = leg_of(world, boris)
    assert refusal(world, lambda brain: brain.recording.stop(leg, "api")) == "recording-required"
    site = world.switch.brain.desk.site
    queue = replace(site.queues["support"], recording_pause=True, members=("vera",))
    world.switch.load(replace(site, queues={"support": queue}))
    assert refusal(world, lambda brain: brain.recording.stop(leg, "api")) == "recording-required"
    await caller.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour(ALWAYS)
async def test_a_callback_of_the_queue_is_recorded_and_told_as_well(world: World) -> None:
    world.switch.media.lengths_s[f"file:{NOTICE}"] = 3.0
    caller = await customer(world)
    press(world, "2")
    await asyncio.sleep(0.5)
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    boris = await agent(world, "boris")
    (await boris.until_called()).answer()
    (await caller.until_called()).answer()
    await caller.call.until(CallState.UP)
    await asyncio.sleep(4)
    customers = leg_of(world, caller)
    (running,) = world.switch.media.recordings.values()
    assert {leg for (leg,) in running.channels} == {customers, leg_of(world, boris)}
    assert told(world) == [customers]
    assert CUSTOMER in {leg.number for leg in world.switch.brain.calls.legs.values()}
    await caller.call.hang_up()
    await boris.call.until(CallState.ENDED)
