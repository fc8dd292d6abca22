"""The brain dies at a random turn, after or before its messages: every call ends in one of the allowed ways, once."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.simulation.behaviour import Outcome, run_once
from softswitch.simulation.death import Death
from softswitch.simulation.network import Conditions
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale

LIKELY_TURNS = 40
ALLOWED = {"completed", "cancelled", "busy", "declined", "no-answer", "unavailable", "failed", "lost", "media-lost"}
ROUGH = Setting(conditions=Conditions(loss=0.05, jitter_s=0.01))


async def one_call(world: World, chance: random.Random) -> None:
    """Anna calls Boris; what both do, and whether the media worker dies as well, is left to chance."""
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    call = await boris.until_called()
    what = chance.choice(("answer", "answer", "answer", "busy", "decline", "cancel"))
    await asyncio.sleep(chance.random() * 3)
    if what == "cancel":
        await anna.call.hang_up()
    elif what != "answer":
        call.busy() if what == "busy" else call.decline()
    else:
        call.answer()
        await anna.call.until(CallState.UP)
        if chance.random() < 0.3:
            world.switch.media.lose_worker()
        await asyncio.sleep(chance.random() * 5)
        await chance.choice((anna.call, boris.call)).hang_up()
    await anna.call.until(CallState.ENDED)


def run(seed: int) -> Outcome:
    chance = random.Random(seed)
    setting = chance.choice((Setting(), Setting(), ROUGH))
    turn, lost = chance.randint(1, LIKELY_TURNS), chance.random() < 0.5
    return run_once(lambda world: one_call(world, chance), setting, seed, [Death(turn, lets_out=0 if lost else None)])


@settings(max_examples=scale(60), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_call_ends_once_wherever_the_brain_dies(seed: int) -> None:
    calls = [row for (table, *_), row in run(seed).rows.items() if table == "conversations"]
    assert len(calls) <= 1
    for call in calls:
        assert call["end_reason"] in ALLOWED
        assert isinstance(call["ended_at"], float)
