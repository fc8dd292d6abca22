"""The brain dies in the moment in which a call ends: its facts are kept, and nothing of them was said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from softswitch.calls.facts import BrainResumed, ConversationEnded, ConversationStarted, InvariantBreached
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World


def in_world(script: Callable[[World], Coroutine[object, object, None]]) -> None:
    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 7, Setting())
        await script(world)
        await world.settle()

    run_virtually(run)


def die_in_a_turn(world: World, which: int = 1, *away_s: float) -> None:
    """Let the brain die at the end of one of the next turns, before anything of it is sent.

    Args:
        world: of which the brain is.
        which: counted from the next one.
        away_s: how long nobody is there then; more than once, if the next brain dies in its first turn.
    """
    world.switch.deaths = [Death(world.switch.turns + which, lets_out=0, away_s=pause) for pause in away_s or (0.0,)]


async def talking(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(5)
    return anna, boris


@pytest.mark.parametrize("ender", ["caller", "callee"])
def test_a_bye_is_answered_when_it_comes_again_and_the_other_side_is_told(ender: str) -> None:
    async def script(world: World) -> None:
        phones = await talking(world)
        first, second = phones if ender == "caller" else reversed(phones)
        die_in_a_turn(world)
        assert await first.call.hang_up() == 200
        await second.call.until(CallState.ENDED)
        assert second.call.reasons == ['Q.850;cause=16;text="Normal call clearing"']
        assert len(world.facts(ConversationEnded)) == 1

    in_world(script)


@pytest.mark.parametrize("ender", ["caller", "callee"])
@pytest.mark.parametrize("away_s", [(8.0,), (3.0, 6.0), (0.0, 5.0, 5.0, 5.0)])
def test_an_end_is_told_however_long_it_takes_until_a_brain_lives_to_tell_it(
    ender: str, away_s: tuple[float, ...]
) -> None:
    async def script(world: World) -> None:
        phones = await talking(world)
        first, second = phones if ender == "caller" else reversed(phones)
        die_in_a_turn(world, 1, *away_s)
        assert await first.call.hang_up() == 200
        await second.call.until(CallState.ENDED)
        assert len(world.facts(ConversationEnded)) == 1
        assert len(world.facts(BrainResumed)) == len(away_s)

    in_world(script)


@pytest.mark.parametrize("turn", [1, 2, 3])  # challenged, the challenge acknowledged, refused
def test_a_call_that_was_refused_at_once_is_refused_again_and_is_one_call(turn: int) -> None:
    async def script(world: World) -> None:
        anna = await world.registered("anna")
        die_in_a_turn(world, turn)
        await anna.dial("199")
        await anna.call.until(CallState.ENDED)
        assert anna.call.status == 404
        assert len(world.facts(ConversationStarted)) == 1

    in_world(script)


def test_a_caller_who_was_told_nothing_of_the_ringing_is_told_by_the_next_brain() -> None:
    async def script(world: World) -> None:
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        await boris.until_called()
        die_in_a_turn(world)
        assert anna.call.state is not CallState.RINGING
        await anna.call.until(CallState.RINGING)
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        await anna.call.hang_up()

    in_world(script)


@pytest.mark.parametrize("away_s", [None, 0.0, 5.0])
def test_a_phone_that_says_nothing_to_a_cancel_is_waited_for_and_has_an_owner_or_none_meanwhile(
    away_s: float | None,
) -> None:
    async def script(world: World) -> None:
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        await boris.until_called()
        await anna.call.until(CallState.RINGING)
        boris.unplug()
        anna.call.cancel()
        await asyncio.sleep(25)
        if away_s is not None:  # the brain that follows waits as long for an answer to the CANCEL as the first one
            die_in_a_turn(world, 1, away_s)
            world.switch.in_turn(lambda: None)
        for _ in range(20):
            await asyncio.sleep(2)
            world.switch.in_turn(world.switch.brain.check_invariants)
        assert world.facts(InvariantBreached) == []
        assert world.switch.brain.counts()["dialogs"] == 0

    in_world(script)
