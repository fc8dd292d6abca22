"""Hosts of trunks are asked whether they are there; one that is not is tried last."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from softswitch.app.brain_settings import BrainSettings
from softswitch.calls.facts import LegAdded
from softswitch.directory.site import Route, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World

NUMBER = "+79161112233"
FIRST, SECOND = "198.51.100.5", "198.51.100.6"
TRUNK = Trunk("pstn", FIRST, 5060, "udp", any_port=False, backups=(SECOND,))
PROBED = Setting(
    trunks=(TRUNK,), routes=(Route("out", "pstn", r"^\+?[0-9]{10,15}$"),), settings=BrainSettings(trunk_probe_s=30)
)
UNPROBED = replace(PROBED, settings=BrainSettings())


async def _hosts_of_a_call(world: World, *there: str) -> list[str]:
    """Let anna call after all hosts were asked; return the hosts that were tried."""
    world.switch.in_turn(lambda: None)  # the switch looks at its deadlines
    anna = await world.registered("anna")
    hosts = [world.phone("carrier", name=host, host=host) for host in there]
    await asyncio.sleep(130)  # with two rounds lost to a new brain
    await anna.dial(NUMBER)
    last = hosts[-1]
    (await last.until_called(limit_s=100)).answer()
    await anna.call.until(CallState.UP)
    assert await anna.call.hang_up() == 200
    await last.call.until(CallState.ENDED)
    added = [fact for fact in world.facts(LegAdded) if isinstance(fact, LegAdded) and fact.trunk]
    return [fact.uri.partition("@")[2].partition(":")[0] for fact in added]


@behaviour(PROBED)
async def test_a_host_that_does_not_answer_is_not_even_tried_where_another_does(world: World) -> None:
    assert await _hosts_of_a_call(world, SECOND) == [SECOND]


@behaviour(UNPROBED)
async def test_where_nobody_asks_the_first_host_is_tried_first(world: World) -> None:
    assert await _hosts_of_a_call(world, SECOND) == [FIRST, SECOND]


@behaviour(PROBED)
async def test_a_host_that_answers_again_is_first_again(world: World) -> None:
    assert await _hosts_of_a_call(world, SECOND) == [SECOND]
    first = world.phone("carrier", name=FIRST, host=FIRST)
    await asyncio.sleep(130)
    await world.phones["anna"].dial(NUMBER)
    (await first.until_called()).answer()
    await world.phones["anna"].call.until(CallState.UP)
    assert await world.phones["anna"].call.hang_up() == 200
    await first.call.until(CallState.ENDED)
