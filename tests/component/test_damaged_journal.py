"""A journal with holes: the brain starts from what is left, says in facts what is not, and calls work."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from softswitch.calls.facts import ConversationEnded
from softswitch.core.facts import Record, decode
from softswitch.journal.facts import GapFound
from softswitch.journal.reading import Gap, Loss
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale


def with_hole(records: list[bytes], first: int, count: int) -> list[bytes | Gap]:
    """Take out some records, as a reader of the files gives them."""
    missing = Gap(Loss.DAMAGED, "segment-1 at octet 7", first + 1, first + count)
    return [*records[:first], missing, *records[first + count :]]


def restart(world: World, items: list[bytes | Gap]) -> None:
    switch = world.switch
    switch.media.brain_died()
    switch.brain = switch._new_brain()
    switch.brain.resume(items)
    switch.brain.settle_media()
    switch.brain.end_turn()
    switch._arm()


def facts(world: World, *kinds: type) -> list[Record]:
    return [record for record in map(decode, world.switch.journal.records()) if type(record.fact) in kinds]


@pytest.mark.parametrize("number", range(scale(25)))
def test_whatever_is_missing_it_is_said_once_and_calls_come_to_rest(number: int) -> None:
    chance = Random(number)

    async def run(loop: VirtualLoop) -> None:
        world = World(loop, number, Setting())
        broken: list[object] = []
        loop.set_exception_handler(lambda _, context: broken.append(context))
        anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
        await anna.dial("102")
        (await boris.until_called()).answer()
        await anna.call.until(CallState.UP)
        await vera.dial("*99")
        await asyncio.sleep(chance.choice((0.01, 5)))
        records = world.switch.journal.records()
        first, count = chance.randrange(len(records) - 1), chance.choice((1, 2, 5, 20))
        count = min(count, len(records) - first - 1)
        items = with_hole(records, first, count)
        restart(world, items)
        (told,) = facts(world, GapFound)
        assert told.fact == GapFound("damaged", "segment-1 at octet 7", first + 1, first + count)
        restart(world, [*items, *world.switch.journal.records()[len(records) :]])
        assert len(facts(world, GapFound)) == 1
        for phone in (anna, boris, vera):
            await phone.register()
        await world.release()
        await world.settle()
        await world.registered("gleb", habits=Habits(incoming=Incoming.ANSWER))
        call = await anna.dial("104")
        await call.until(CallState.UP)
        await call.hang_up()
        await world.settle()
        assert facts(world, ConversationEnded)[-1].fact == ConversationEnded("completed", 200)
        assert not broken

    run_virtually(run)
