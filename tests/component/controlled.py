"""What tests of controlled calls have in common: people who talk, and what they hear."""

from __future__ import annotations

import asyncio

from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World

MUSIC = ("music:",)
HEADSET = Habits(answers_itself=True)


async def phones(world: World, *names: str, **habits: Habits) -> list[SimulatedPhone]:
    """Register the phones of these users."""
    return [await world.registered(name, habits=habits.get(name)) for name in names]


async def talk(world: World, caller: str, callee: str, number: str) -> tuple[Call, Call]:
    """Let one phone call another; return both ends."""
    first, second = world.phones[caller], world.phones[callee]
    times = sum(not call.outgoing for call in second.calls) + 1
    out = await first.dial(number)
    there = await second.until_called(times=times)
    there.answer()
    await out.until(CallState.UP)
    await second.until(lambda: there.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return out, there


def leg(world: World, user: str, index: int = -1) -> str:
    """Return the leg of a user's last call."""
    return world.legs_of(user)[index]


def sounds_of(world: World, call: Call) -> tuple[str, ...]:
    """Return what the switch lets a call's phone hear beside the others' voices."""
    assert call.remote is not None
    leg_there = world.switch.media.leg_at(call.remote.address, call.remote.port)
    assert leg_there is not None
    playing = world.switch.media.legs[leg_there].playing
    return () if playing is None else playing.sounds


def order(world: World, command: str, leg_name: str, *more: str) -> None:
    """Give a command about a leg by its name among the methods of the lines' desk."""
    world.order(lambda lines: getattr(lines, command)(leg_name, *more))
