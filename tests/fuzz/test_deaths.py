"""The brain dies again and again, anywhere, also while it starts: no call is lost, none is there twice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from hypothesis import example, given, settings
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


def die(world: World, chance: random.Random) -> None:
    """Let the brain die some times from now on."""
    now = world.switch.turns
    world.switch.deaths = [replace(death, turn=death.turn + now) for death in some_deaths(chance)]


async def one_call(caller: SimulatedPhone, callee: SimulatedPhone, number: str, chance: random.Random) -> str:
    """Somebody calls; the other answers and they talk, or it comes to nothing. Return how it must have ended."""
    await asyncio.sleep(chance.random() * 4)
    call = await caller.dial(number)
    theirs = await callee.until_called()
    what = chance.choice(("answer", "answer", "answer", "hold", "cancel", "busy", "decline"))
    await asyncio.sleep(chance.random() * 3)
    if what == "cancel":
        await call.hang_up()
        await theirs.until(CallState.ENDED)
        assert call.status == 487
        return "cancelled"
    if what in {"busy", "decline"}:
        theirs.busy() if what == "busy" else theirs.decline()
        await call.until(CallState.ENDED)
        return {"busy": "busy", "decline": "declined"}[what]
    theirs.answer()
    await call.until(CallState.UP)
    await asyncio.sleep(chance.random() * 4)
    first, second = chance.sample((call, theirs), 2)
    if what == "hold":
        await second.phone.until(lambda: second.acknowledged, "the ACK")
        assert await second.hold() == 200
        await asyncio.sleep(chance.random() * 4)
        assert await second.resume() == 200
    assert await first.hang_up() == 200
    await second.until(CallState.ENDED)
    return "completed"


@settings(max_examples=scale(60), deadline=None)
@given(seed=st.integers(0, 2**32))
@example(seed=105195)  # a port that was named and not given waits for its leg through several deaths
def test_no_call_is_lost_however_often_and_wherever_the_brain_dies(seed: int) -> None:
    chance = random.Random(seed)
    expected: list[str] = []

    async def script(world: World) -> None:
        anna, boris = await world.registered("anna"), await world.registered("boris")
        vera, gleb = await world.registered("vera"), await world.registered("gleb")
        die(world, chance)
        world.switch.media.slow_s = chance.choice((0.0, 0.0, 0.3, 1.0))
        expected.extend(await asyncio.gather(one_call(anna, boris, "102", chance), one_call(vera, gleb, "104", chance)))

    outcome = run_once(script, Setting(), seed)
    if outcome.failure is not None:
        raise outcome.failure
    calls = [row for (table, *_), row in outcome.rows.items() if table == "conversations"]
    assert sorted(str(call["end_reason"]) for call in calls) == sorted(expected)


@settings(max_examples=scale(30), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_register_is_answered_in_the_end_and_phones_are_where_they_say(seed: int) -> None:
    chance = random.Random(seed)

    async def lives(phone: SimulatedPhone) -> bool:
        """Register and unregister some times; tell whether the phone is registered in the end."""
        registered = False
        for _ in range(chance.randint(1, 4)):
            await asyncio.sleep(chance.random() * 2)
            registered = not registered or chance.random() < 0.5
            assert await (phone.register() if registered else phone.unregister()) == 200
        return registered

    async def script(world: World) -> None:
        phones = [world.phone(user, name=f"{user} {n}") for user in ("anna", "boris", "vera") for n in (1, 2)]
        die(world, chance)
        stay = await asyncio.gather(*map(lives, phones))
        found = {binding.contact for binding in world.switch.brain.locations}
        assert found == {phone.contact_uri for phone, stays in zip(phones, stay, strict=True) if stays}

    outcome = run_once(script, Setting(), seed)
    if outcome.failure is not None:
        raise outcome.failure
