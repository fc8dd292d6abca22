"""Ringing somebody from a step: phones first, then mobile phones, then whoever else is named.

A plan is a line of turns, each a list of names: ``anna`` for somebody's phones, ``mobile:anna`` for the first mobile
number, ``mobiles:anna`` for all of them. A turn in which nobody can be rung is passed over at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from softswitch.calls.destinations import Phone
from softswitch.calls.guide_inputs import RingForCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.running import Event, Here, NobodyReached, Over, Wait, World

RINGING = "ringing"
MOBILE, MOBILES = "mobile:", "mobiles:"
_GUARD_S = 10.0
"""Above the ringing time: the calls end an attempt by themselves."""


def phones_for(world: World, turn: str) -> tuple[Phone, ...]:
    """Return the phones of one turn, ``name,name``."""
    return tuple(phone for name in turn.split(",") for phone in _phones(world, name))


def _phones(world: World, name: str) -> Sequence[Phone]:
    if name.startswith(MOBILE):
        return world.mobiles_of(name.removeprefix(MOBILE))[:1]
    if name.startswith(MOBILES):
        return world.mobiles_of(name.removeprefix(MOBILES))
    return world.phones_of(name)


def plan_for(user: str, *, mobile: bool, all_phones: bool, additional: str | None) -> tuple[str, ...]:
    """Return the turns in which an employee is tried."""
    one_by_one = (user, f"{MOBILE}{user}") if mobile else (user,)
    turns = (f"{user},{MOBILES}{user}",) if all_phones else one_by_one
    return (*turns, additional) if additional else turns


def begin_plan(here: Here, turns: Sequence[str], ring_s: float) -> Wait | Over:
    """Ring the first turn in which somebody can be rung."""
    return next_turn(here, turns, ring_s, "unreachable")


def next_turn(here: Here, turns: Sequence[str], ring_s: float, how: str) -> Wait | Over:
    """Go on with what is left of a plan; ``how`` is what the step ends by when nothing is left."""
    for place, turn in enumerate(turns):
        if phones_for(here.world, turn):
            return Wait(RINGING, ring_s + _GUARD_S, tuple(turns[place:]))
    return Over(how)


def hear_plan(here: Here, event: Event, ring_s: float) -> Wait | Over | None:
    """Go to the next turn when one is over."""
    if not isinstance(event, NobodyReached):
        return None
    return next_turn(here, here.memory[1:], ring_s, event.word)


def ask_plan(here: Here, ring_s: float) -> Sequence[Input]:
    """Ring the present turn."""
    return (RingForCaller(here.conversation_id, phones_for(here.world, here.memory[0]), ring_s),)
