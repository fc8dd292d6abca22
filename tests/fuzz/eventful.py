"""A long and eventful journal: phones that call, hold, cancel, refuse, vanish, in an order that a seed decides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import cache
from random import Random

from softswitch.core.errors import SimulationError
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World

STEPS = 120


@cache
def eventful_journal(seed: int) -> tuple[bytes, ...]:
    """Return the encoded facts of an eventful hour; the last calls are still going on."""

    async def run(loop: VirtualLoop) -> tuple[bytes, ...]:
        world = World(loop, seed, Setting())
        chance = Random(seed)
        phones = [
            await world.registered("anna"),
            await world.registered("boris", name="desk"),
            await world.registered("boris", name="mobile", habits=Habits(incoming=Incoming.BUSY)),
            await world.registered("vera"),
            await world.registered("gleb", habits=Habits(incoming=Incoming.DECLINE)),
        ]
        for _ in range(STEPS):
            await _step(chance, phones)
        return tuple(world.switch.journal.records())

    return run_virtually(run)


async def _step(chance: Random, phones: list[SimulatedPhone]) -> None:
    with contextlib.suppress(SimulationError, AssertionError, IndexError):
        await chance.choice((_dial, _dial, _answer, _answer, _hold, _hang_up, _register))(chance, phones)
    await asyncio.sleep(chance.choice((0.01, 0.5, 3.0, 40.0)))


def _any(chance: Random, phones: list[SimulatedPhone], wanted: Callable[[Call], bool]) -> Call:
    return chance.choice([call for phone in phones for call in phone.calls if wanted(call)])


async def _dial(chance: Random, phones: list[SimulatedPhone]) -> None:
    await chance.choice(phones).dial(chance.choice(("101", "102", "103", "104", "*99", "199")))


async def _answer(chance: Random, phones: list[SimulatedPhone]) -> None:
    _any(
        chance, phones, lambda call: call.state in {CallState.INCOMING, CallState.RINGING} and not call.outgoing
    ).answer()


async def _hold(chance: Random, phones: list[SimulatedPhone]) -> None:
    await _any(chance, phones, lambda call: call.state is CallState.UP).hold()


async def _hang_up(chance: Random, phones: list[SimulatedPhone]) -> None:
    await _any(chance, phones, lambda call: not call.over).hang_up()


async def _register(chance: Random, phones: list[SimulatedPhone]) -> None:
    await chance.choice(phones).register()
