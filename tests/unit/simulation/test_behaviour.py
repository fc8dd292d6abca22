"""The harness itself: does it see what it is there to see?"""

from __future__ import annotations

import asyncio
import inspect

import pytest

from softswitch.core.errors import SimulationError
from softswitch.media.engine import OpenLeg
from softswitch.simulation.behaviour import behaviour, differences, run_once, try_refolded, try_straight
from softswitch.simulation.death import Death
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.switch import SimulatedSwitch
from softswitch.simulation.world import Setting, World


async def a_call(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(10)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


def test_a_seed_always_gives_the_same_run() -> None:
    first, second = run_once(a_call, Setting(), 5), run_once(a_call, Setting(), 5)
    assert first == second
    assert first.turns > 10


def test_a_brain_thrown_away_at_any_turn_of_a_call_changes_nothing() -> None:
    straight = try_straight(a_call, Setting(), 5)
    for turn in range(1, straight.turns + 1):
        refolded = run_once(a_call, Setting(), 5, [Death(turn)])
        assert refolded.in_exchange or not differences(straight, refolded), f"turn {turn}"


def test_a_journal_that_forgets_is_found_out_and_the_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    straight = try_straight(a_call, Setting(), 5)

    def forget(self: SimulatedSwitch) -> None:
        self._away = False
        self.brain = self._new_brain()
        self._arm()

    monkeypatch.setattr(SimulatedSwitch, "_start", forget)
    found = []
    for number in range(24):
        try:
            try_refolded(a_call, Setting(), 5, number, straight)
        except SimulationError as error:
            found.append("".join([str(error), *getattr(error, "__notes__", [])]))
    assert len(found) >= 6
    assert all("seed 5" in text and "after turn" in text for text in found)


def test_what_is_left_of_a_call_is_found_out() -> None:
    async def leave_a_port(world: World) -> None:
        await a_call(world)
        world.switch.media.open(OpenLeg("stray.1", "stray", "192.0.2.1"))
        world.switch.media.flush()

    with pytest.raises(SimulationError, match="the switch is not at rest"):
        run_once(leave_a_port, Setting(), 5)


def test_a_failing_callback_fails_the_run() -> None:
    def broken() -> None:
        raise IndexError

    async def break_a_phone(world: World) -> None:
        anna = await world.registered("anna")
        anna.later(1, broken)
        await asyncio.sleep(2)

    with pytest.raises(IndexError):
        run_once(break_a_phone, Setting(), 5)


def test_a_script_becomes_a_test_that_asks_for_its_run_and_its_own_parameters() -> None:
    seen: list[str] = []

    @behaviour()
    async def test_something(world: World, form: str) -> None:
        """What it shows."""
        await world.registered("anna")
        seen.append(form)

    assert list(inspect.signature(test_something).parameters) == ["form", "run"]
    assert test_something.__doc__ == "What it shows."
    test_something(run=0, form="x")
    test_something(run=1, form="x")
    assert seen == ["x", "x"]
