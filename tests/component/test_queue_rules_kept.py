"""What a queue says of skills, the last agent, its length and callbacks is kept with telephones and over restarts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from softswitch.directory.site import Number, Queue, Route, ScenarioText, Trunk
from softswitch.queues.router.facts import QueueLeft
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_queue_callers import agent, asked, customer, setting


def ended(world: World) -> list[str]:
    return [fact.how for fact in world.facts(QueueLeft) if isinstance(fact, QueueLeft)]


@pytest.mark.row("C-37")
@behaviour(setting(callback_key="2", callback_keep_place=False))
async def test_where_the_place_is_not_kept_a_callback_stands_in_line_from_when_it_was_asked_for(world: World) -> None:
    first = await customer(world)
    later = await customer(world, "+79160000002", 5070)
    for key in ("2", "1"):
        world.switch.media.press(next(iter(world.switch.brain.calls.legs)), key)
        await asyncio.sleep(0.5)
    await first.call.until(CallState.ENDED)
    boris = await agent(world, "boris", Incoming.ANSWER)
    await asyncio.sleep(2)
    assert world.hears(later) == {"boris"}
    await later.call.hang_up()
    (await first.until_called()).answer()
    await asyncio.sleep(2)
    assert world.hears(first) == {"boris"}
    await boris.calls[-1].hang_up()


@behaviour(setting(callback_key="2", callback_expires_s=600.0))
async def test_a_callback_that_nobody_could_make_in_its_time_is_given_up(world: World) -> None:
    caller = await asked(world)
    await asyncio.sleep(580)
    assert ended(world) == []
    await asyncio.sleep(30)
    assert ended(world) == ["expired"]
    boris = await agent(world, "boris", Incoming.ANSWER)
    await asyncio.sleep(60)
    assert not boris.calls
    assert len(caller.calls) == 1


SKILLED: Final = replace(
    setting(members=("boris", "vera"), relax_after_s=20.0, member_skills=((), ("english",))),
    numbers=(Number("+74950000001", "scenario", "main"),),
    scenarios=(
        ScenarioText(
            "main", "/nowhere/main.yaml", "name: main\nsteps:\n  - queue: {name: support, skills: [english]}\n"
        ),
    ),
)


@behaviour(SKILLED)
async def test_who_asks_for_a_skill_waits_for_an_agent_who_has_it_and_in_time_for_any(world: World) -> None:
    boris, vera = await agent(world, "boris", Incoming.ANSWER), await agent(world, "vera", Incoming.ANSWER)
    first = await customer(world)
    await asyncio.sleep(2)
    assert world.hears(first) == {"vera"}
    second = await customer(world, "+79160000002", 5070)
    await asyncio.sleep(17)
    assert not boris.calls
    await asyncio.sleep(5)
    assert world.hears(second) == {"boris"}
    await first.call.hang_up()
    await second.call.hang_up()
    assert len(vera.calls) == 1


@behaviour(setting(members=("boris", "vera"), sticky_s=3600.0, sticky_wait_s=20.0))
async def test_a_caller_who_comes_again_is_given_to_whom_they_talked_with_last(world: World) -> None:
    vera = await agent(world, "vera", Incoming.ANSWER)
    first = await customer(world)
    await asyncio.sleep(2)
    await first.call.hang_up()
    boris = await agent(world, "boris", Incoming.ANSWER)
    other = await customer(world, "+79160000002", 5070)
    await asyncio.sleep(2)
    assert world.hears(other) == {"boris"}, "the strategy begins at the top"
    await other.call.hang_up()
    await asyncio.sleep(1)
    again = await first.dial("+74950000001")
    await asyncio.sleep(2)
    assert world.hears(first) == {"vera"}
    await again.hang_up()
    assert (len(vera.calls), len(boris.calls)) == (2, 1)


@behaviour(
    Setting(
        queues=(
            Queue("support", "700", ("boris",), "priority", max_length=1, overflow_to="queue:sales"),
            Queue("sales", "701", ("vera",), "priority"),
        ),
        trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),),
        routes=(Route("pstn", "pstn", r"^\+?[0-9]{10,15}$"),),
        numbers=(Number("+74950000001", "queue", "support"),),
    )
)
async def test_who_finds_the_line_full_goes_where_it_overflows_to(world: World) -> None:
    vera = await agent(world, "vera", Incoming.ANSWER)
    first = await customer(world)
    second = await customer(world, "+79160000002", 5070)
    await asyncio.sleep(2)
    assert world.hears(second) == {"vera"}
    assert ended(world) == ["full"]
    boris = await agent(world, "boris", Incoming.ANSWER)
    await asyncio.sleep(2)
    assert world.hears(first) == {"boris"}
    await first.call.hang_up()
    await second.call.hang_up()
    assert (len(vera.calls), len(boris.calls)) == (1, 1)
