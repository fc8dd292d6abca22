"""Limits of trunks for a day: in all, for each user, to each number; over restarts, and anew the next day."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_trunks_out import TRUNK, TWO_HOSTS, USUAL, carrier

FIRST, SECOND = "+79161112233", "+79161112244"


def limited(**limits: int) -> Setting:
    return replace(USUAL, trunks=(replace(TRUNK, **limits),))  # type: ignore[arg-type]  # by name


async def status(phone: SimulatedPhone, number: str) -> int:
    call = await phone.dial(number)
    await phone.until(lambda: call.over or call.state is CallState.UP, "an answer")
    if not call.over:
        await call.hang_up()
        return 200
    return call.status


@behaviour(limited(calls_each_day=2))
async def test_a_trunk_carries_so_many_calls_a_day_but_emergency_calls_always(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    carrier(world, habits=Habits(incoming=Incoming.ANSWER))
    assert [await status(anna, FIRST), await status(boris, SECOND), await status(anna, FIRST)] == [200, 200, 503]
    assert await status(anna, "112") == 200
    await asyncio.sleep(86_400)
    assert await anna.register() == 200
    assert await status(anna, FIRST) == 200


@behaviour(limited(calls_each_user_day=1))
async def test_a_user_has_so_many_calls_a_day(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    carrier(world, habits=Habits(incoming=Incoming.ANSWER))
    assert [await status(anna, FIRST), await status(anna, SECOND), await status(boris, FIRST)] == [200, 503, 200]


@behaviour(limited(calls_each_number_day=1))
async def test_a_number_is_called_so_often_a_day(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    carrier(world, habits=Habits(incoming=Incoming.ANSWER))
    assert [await status(anna, FIRST), await status(boris, FIRST), await status(boris, SECOND)] == [200, 503, 200]


@behaviour(replace(TWO_HOSTS, trunks=(replace(TWO_HOSTS.trunks[0], calls_each_day=2),)))
async def test_a_call_that_is_tried_at_two_hosts_is_one_call(world: World) -> None:
    anna = await world.registered("anna")
    carrier(world, "198.51.100.6", Habits(incoming=Incoming.ANSWER))
    assert [await status(anna, FIRST), await status(anna, SECOND)] == [200, 200]
    assert await status(anna, FIRST) == 503
