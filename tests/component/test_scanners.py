"""Strangers who guess passwords and sweep extensions learn nothing and are shut out; phones notice nothing."""

from __future__ import annotations

import asyncio

from softswitch.directory.bans import SourceBanned
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World


async def call(caller: SimulatedPhone, callee: SimulatedPhone) -> None:
    await caller.dial(callee.account.user)
    (await callee.until_called()).answer()
    await caller.call.until(CallState.UP)
    assert await caller.call.hang_up() == 200
    await callee.call.until(CallState.ENDED)


@behaviour(differs="guesses are counted anew")
async def test_who_guesses_is_shut_out_while_phones_call(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    guesser = world.phone("anna", name="guesser", host="198.51.100.66", password="wrong")
    statuses: list[int] = []
    while not statuses or statuses[-1] == 401:
        statuses.append(await guesser.register())
    assert statuses[-1] == 408  # nobody answers any more
    assert 5 <= len(statuses) <= 25
    banned = [fact.source for fact in world.facts(SourceBanned) if isinstance(fact, SourceBanned)]
    assert banned == ["198.51.100.66"]
    await call(anna, boris)
    other = world.phone("vera")
    assert await other.register() == 200
    await asyncio.sleep(700)
    assert await guesser.register() == 401
