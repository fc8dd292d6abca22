"""Segments are as long as people heard one another, whatever is done with a call: to 50 ms, by their own ears.

Over real SIP a busy machine is late with sound and commands alike; here nothing is late, and each ear is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import pytest

from softswitch.calls import facts
from softswitch.core.facts import decode
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World
from tests.component.controlled import leg, order, phones, talk

STEP_S: Final = 0.02
RIGHT_S: Final = 0.05


class Talk(NamedTuple):
    """Two who talk, in the order of the alphabet, from when to when."""

    people: tuple[str, ...]
    began_s: float
    ended_s: float


class Ears:
    """Asks every phone all the time whom it hears; who hear each other talk."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now: dict[tuple[str, ...], float] = {}
        self.talks: list[Talk] = []
        self._again = world.loop.call_later(0, self._listen)

    def _listen(self) -> None:
        self._look()
        self._again = self._world.loop.call_later(STEP_S, self._listen)

    def _look(self) -> None:
        phones, at_s = self._world.phones, self._world.clock.wall()
        hears = {name: self._world.hears(phone) for name, phone in phones.items()}
        pairs = {(one, other) for one in hears for other in hears[one] if one < other and one in hears[other]}
        for pair in self._now.keys() - pairs:
            self.talks.append(Talk(pair, self._now.pop(pair), at_s))
        for pair in pairs - self._now.keys():
            self._now[pair] = at_s

    def stop(self) -> list[Talk]:
        self._again.cancel()
        self._look()
        assert not self._now
        return sorted(self.talks, key=lambda one: one.began_s)


def segments(world: World) -> Iterator[Talk]:
    """Return what the facts tell, by the names of the users."""
    users: dict[str, str] = {}
    open_now: dict[tuple[str, int], tuple[tuple[str, ...], float]] = {}
    for record in map(decode, world.switch.journal.records()):
        fact = record.fact
        if isinstance(fact, facts.LegAdded):
            users[fact.leg] = fact.user
        elif isinstance(fact, facts.SegmentStarted):
            people = tuple(sorted((users[fact.leg_a], users[fact.leg_b])))
            open_now[record.conversation_id, fact.segment] = (people, record.wall_s)
        elif isinstance(fact, facts.SegmentEnded):
            people, began_s = open_now.pop((record.conversation_id, fact.segment))
            yield Talk(people, began_s, record.wall_s)
    assert not open_now


def assert_right(told: list[Talk], heard: list[Talk]) -> None:
    assert [one.people for one in told] == [one.people for one in heard]
    for one, other in zip(told, heard, strict=True):
        assert one.began_s == pytest.approx(other.began_s, abs=RIGHT_S), (one, other)
        assert one.ended_s == pytest.approx(other.ended_s, abs=RIGHT_S), (one, other)
    for one, other in pairwise(told):
        assert one.ended_s <= other.began_s


@behaviour()
async def test_whatever_is_done_with_a_call_by_commands_and_keys_its_segments_are_what_was_heard(world: World) -> None:
    anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb")
    ears = Ears(world)
    await talk(world, "anna", "boris", "102")
    own = leg(world, "boris")
    for command, for_s in (("hold", 0.7), ("connect", 1.1)):
        order(world, command, own)
        await asyncio.sleep(for_s)
    world.order(lambda lines: lines.consult(own, "103"))
    (await vera.until_called()).answer()
    for command, for_s in (("", 0.9), ("toggle", 0.6), ("toggle", 0.5), ("confirm", 1.2)):
        if command:
            order(world, command, own)
        await asyncio.sleep(for_s)
    assert await vera.call.refer("104") == 202
    there = await gleb.until_called()
    await asyncio.sleep(0.4)
    there.answer()
    await asyncio.sleep(0.8)
    world.order(lambda lines: lines.park(leg(world, "gleb"), "5"))
    await asyncio.sleep(0.5)
    taken = await boris.dial("*695")
    await taken.until(CallState.UP)
    await asyncio.sleep(0.7)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    told, heard = sorted(segments(world), key=lambda one: one.began_s), ears.stop()
    assert len(told) == 8
    assert_right(told, heard)
