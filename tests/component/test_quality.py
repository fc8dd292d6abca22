"""Calls that sound bad: shown, recorded, and an alarm."""

from __future__ import annotations

import asyncio

from softswitch.calls.facts import LegMediaClosed
from softswitch.media.engine import Quality
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


async def talk(world: World, mos: float) -> None:
    """A call of Anna's whose sound from her is so good; it is seen while it goes on."""
    anna, boris = world.phones["anna"], world.phones["boris"]
    before = len(boris.calls)
    call = await anna.dial("102")
    (await boris.until_called(times=before + 1)).answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    remote = call.remote
    assert remote is not None
    leg = world.switch.media.leg_at(remote.address, remote.port)
    assert leg is not None
    world.switch.media.qualities[leg] = Quality(mos, 4.2, 0.1, 0.0, 5.0, 30.0)
    found = world.switch.brain.quality_of(leg)
    assert found is not None
    assert found.mos_in == mos
    await call.hang_up()
    await asyncio.sleep(60)


@behaviour()
async def test_a_phone_whose_calls_go_bad_raises_an_alarm_until_they_are_good_again(world: World) -> None:
    await world.registered("anna")
    await world.registered("boris")
    alarms = []
    for mos in (4.1, 2.0, 4.1, 2.5, 4.1, 4.1, 4.1):
        await talk(world, mos)
        alarms.append(world.switch.brain.phone_quality.bad())
    assert alarms == [{}, {}, {}, {"anna": 2.0}, {"anna": 2.5}, {"anna": 2.5}, {}]
    closed = [fact for fact in world.facts(LegMediaClosed) if isinstance(fact, LegMediaClosed)]
    assert [fact.mos_in for fact in closed if fact.mos_in] == [4.1, 2.0, 4.1, 2.5, 4.1, 4.1, 4.1]
