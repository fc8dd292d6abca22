"""The pytest plugin that ships with the package: test files are collected, scripts in Python are played."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.core.errors import SimulationError
from softswitch.simulation.scenario_player import ScenarioPlayer
from softswitch.simulation.scenario_test import CaseResult

OFFICE = Path(__file__).parents[2] / "scenarios" / "small-office"
Play = Callable[..., CaseResult]


def test_a_script_in_python_is_played(play_scenario: Play) -> None:
    async def script(caller: ScenarioPlayer) -> None:
        await caller.call("+79161112233")
        await caller.hear("menu.ogg")
        await caller.press("1")
        await caller.rings("anna")
        await caller.silent("boris")
        await caller.hang_up()

    result = play_scenario(OFFICE, script, at="2026-11-23 10:00", phones=["anna", "boris"])
    assert ("main", "3.keys.1.1") in result.reached


def test_a_script_that_expects_in_vain_fails_with_the_story(play_scenario: Play) -> None:
    async def script(caller: ScenarioPlayer) -> None:
        await caller.call("+79161112233")
        await caller.hear("menu.ogg")
        await caller.rings("nobody")

    with pytest.raises(pytest.fail.Exception) as caught:
        play_scenario(OFFICE, script, at="2026-11-23 10:00")
    assert "nobody has no phone in this test" in str(caught.value)
    assert "step 2 (play) began" in str(caught.value)


pytest_plugins = ("pytester",)


def test_test_files_beside_scenarios_are_collected_and_a_failure_names_its_line(pytester: pytest.Pytester) -> None:
    office = Path(shutil.copytree(OFFICE, pytester.path / "office"))
    tests = office / "scenarios" / "main.tests.yaml"
    tests.write_text(tests.read_text().replace("hear: welcome.ogg", "hear: goodbye.ogg", 1))
    done = pytester.runpytest("-o", "asyncio_default_fixture_loop_scope=function", "office")
    done.assert_outcomes(passed=4, failed=1)
    done.stdout.fnmatch_lines(["*main.tests.yaml:8: hear: goodbye.ogg was not heard within 120 s*"])
    assert SimulationError.__name__ not in done.stdout.str()
