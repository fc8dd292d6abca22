"""Digits of codes never stand in the journal in clear, and a brain that folds it understands them all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from softswitch.app.shown_facts import shown
from softswitch.core.facts import decode
from softswitch.directory.site import Room
from softswitch.scenario.facts import StepEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.errands import Answer
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import World
from tests.component.test_scenario import calling, ends, press, scenario

PIN = "904172"
BOX: dict[str, dict[str, object]] = {"boris": {"voicemail": True, "voicemail_pin": PIN}}
OWN = replace(scenario("  - hang_up: {}\n"), users=BOX, rooms=(Room("board", "801", PIN),))


def traces_of(world: World, digits: str) -> list[str]:
    """Find the facts in which a key of these stands alone, or several in a row."""
    told = [shown(decode(record)) for record in world.switch.journal.records()]
    keys = [fact for fact in told if fact.name == "leg.key_pressed" and str(fact.fields["key"]) in digits]
    rows = [fact for fact in told if any(digits[at : at + 3] in str(fact.fields) for at in range(len(digits) - 2))]
    return [str(fact) for fact in (*keys, *rows)]


def octets(world: World) -> bytes:
    return b"".join(world.switch.journal.records())


@behaviour(OWN)
async def test_the_code_of_a_mailbox_is_not_in_the_journal(world: World) -> None:
    boris = await world.registered("boris")
    call = await boris.dial("*97")
    await call.until(CallState.UP)
    press(world, f"{PIN}#")
    await call.until(CallState.ENDED, limit_s=60)
    assert ends(world) == ["heard"]
    assert traces_of(world, PIN) == []
    assert PIN[:4].encode() not in octets(world)


@behaviour(OWN)
async def test_the_code_of_a_room_is_not_in_the_journal(world: World) -> None:
    boris = await world.registered("boris")
    call = await boris.dial("801")
    await call.until(CallState.UP)
    press(world, PIN)
    await asyncio.sleep(2)
    assert world.switch.brain.counts()["calls"] == 1
    assert traces_of(world, PIN) == []
    assert await call.hang_up() == 200


ASKED = """
  - play: {file: none.wav}
  - collect: {into: code, least: 6, most: 6, wait_s: 5, secret: true}
  - set: {name: kept, value: "x{code}"}
  - if: {value: "{kept}", is: "x904172", steps: [{http: {url: "https://bank.example/{code}"}}, {hang_up: {}}]}
  - hang_up: {reason: rejected}
"""


@behaviour(scenario(ASKED))
async def test_digits_that_are_collected_as_a_secret_are_compared_and_sent_but_not_kept(world: World) -> None:
    world.switch.errands.answers = (Answer("https://bank.example/"),)
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, PIN)
    await call.until(CallState.ENDED, limit_s=20)
    assert ends(world)[1:4] == ["entered", "set", "yes"]
    assert list(world.switch.errands.asked.values()) == [f"https://bank.example/{PIN}"]
    assert traces_of(world, PIN) == []
    sets = [fact.sets for fact in world.facts(StepEnded) if isinstance(fact, StepEnded) and fact.sets]
    assert len(sets) == 2
    assert PIN not in str(sets)


@pytest.mark.parametrize("keys", ["904172", "12"])
@behaviour(scenario("  - menu: {file: m.wav, keys: {'1': [{hang_up: {}}]}}\n  - hang_up: {}\n"))
async def test_keys_of_a_menu_stand_there_for_whoever_looks_for_a_fault(world: World, keys: str) -> None:
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, keys[0])
    await call.until(CallState.ENDED, limit_s=20)
    assert traces_of(world, keys[0]) != []
