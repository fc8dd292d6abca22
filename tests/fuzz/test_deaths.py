"""The brain dies again and again, anywhere, also while it starts: no call is lost, none is there twice."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.simulation.behaviour import run_once
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale

LIKELY_TURNS = 120
MOST_DEATHS = 5
LONGEST_AWAY_S = 6.0
"""The supervisor pauses for up to 5 s where a brain dies again and again; five such pauses are what SIP waits."""


def some_deaths(chance: random.Random) -> list[Death]:
    turns = sorted(chance.randint(1, LIKELY_TURNS) for _ in range(chance.randint(1, MOST_DEATHS)))
    if chance.random() < 0.5:  # all of them soon after each other: while it starts
        turns = [turns[0] + number * chance.randint(1, 4) for number in range(len(turns))]
    return [
        Death(
            turn,
            keeps=chance.random() < 0.7,
            lets_out=chance.choice((None, 0, 0, 1, 2)),
            away_s=chance.choice((0.0, chance.random(), chance.random() * LONGEST_AWAY_S)),
        )
        for turn in turns
    ]


async def one_call(caller: SimulatedPhone, callee: SimulatedPhone, number: str, chance: random.Random) -> None:
    """Somebody calls, the other answers after a while, they talk, and one of them hangs up."""
    await asyncio.sleep(chance.random() * 4)
    call = await caller.dial(number)
    theirs = await callee.until_called()
    await asyncio.sleep(chance.random() * 3)
    theirs.answer()
    await call.until(CallState.UP)
    await asyncio.sleep(chance.random() * 4)
    first, second = chance.sample((call, theirs), 2)
    assert await first.hang_up() == 200
    await second.until(CallState.ENDED)


@settings(max_examples=scale(60), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_call_is_lost_however_often_and_wherever_the_brain_dies(seed: int) -> None:
    chance = random.Random(seed)

    async def script(world: World) -> None:
        anna, boris = await world.registered("anna"), await world.registered("boris")
        vera, gleb = await world.registered("vera"), await world.registered("gleb")
        world.switch.deaths = [
            Death(death.turn + world.switch.turns, death.keeps, death.lets_out, death.away_s)
            for death in some_deaths(chance)
        ]
        await asyncio.gather(one_call(anna, boris, "102", chance), one_call(vera, gleb, "104", chance))

    outcome = run_once(script, Setting(), seed)
    if outcome.failure is not None:
        raise outcome.failure
    calls = [row for (table, *_), row in outcome.rows.items() if table == "conversations"]
    assert [call["end_reason"] for call in calls] == ["completed", "completed"]
