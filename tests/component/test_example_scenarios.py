"""The example scenarios that ship with the product pass their own tests, and a failing test tells what happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli.main import build
from softswitch.core.errors import CommandError, ConfigurationError
from softswitch.directory.loader import load_paths
from softswitch.scenario.site_check import check_scenarios
from softswitch.simulation.scenario_script import read_cases
from softswitch.simulation.scenario_test import run_case

EXAMPLES = Path(__file__).parents[2] / "scenarios"
CASES = [case for file in sorted(EXAMPLES.glob("*/scenarios/*.tests.yaml")) for case in read_cases(file)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.scenario}: {case.name}" for case in CASES])
def test_every_example_passes_its_tests(case: object) -> None:
    (found,) = [one for one in CASES if one is case]
    folder = Path(found.file).parents[1]
    site = load_paths([folder], domain="example.net", scenarios=check_scenarios).site
    assert run_case(found, site).problem == ""


def test_the_same_seed_gives_the_same_run() -> None:
    site = load_paths([EXAMPLES / "small-office"], domain="example.net", scenarios=check_scenarios).site
    assert run_case(CASES[0], site, seed=7) == run_case(CASES[0], site, seed=7)


def copy_of_example(folder: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "small-office", folder / "office"))


def test_a_failing_test_names_its_line_what_was_heard_and_why_steps_ended(tmp_path: Path) -> None:
    office = copy_of_example(tmp_path)
    tests = office / "scenarios" / "main.tests.yaml"
    tests.write_text(
        "scenario: main\ntests:\n  - name: wrong\n    at: '2026-11-23 10:00'\n    phones: [anna, boris]\n    steps:\n"
        '      - call: {}\n      - hear: menu.ogg\n      - press: "1"\n      - silent: anna\n'
    )
    (case,) = read_cases(tests)
    site = load_paths([office], domain="example.net", scenarios=check_scenarios).site
    problem = run_case(case, site).problem
    assert problem.startswith(f"{tests}:10: silent: anna rings or talks")
    assert "heard: welcome.ogg, menu.ogg" in problem
    assert "step 3 ended: key 1" in problem


def test_the_command_runs_all_tests_and_tells_what_none_reached() -> None:
    done = CliRunner().invoke(
        build(["status", "scenario"]), ["scenario", "test", str(EXAMPLES / "small-office"), "--coverage"]
    )
    assert done.exit_code == 0
    assert "5 passed, 0 failed; 11 of 13 steps reached" in done.output
    assert "not reached: main 3.keys.2.1: ring boris" in done.output


def test_the_command_fails_where_a_test_fails(tmp_path: Path) -> None:
    office = copy_of_example(tmp_path)
    text = (office / "scenarios" / "main.tests.yaml").read_text()
    (office / "scenarios" / "main.tests.yaml").write_text(text.replace("hear: welcome.ogg", "hear: missing.ogg", 1))
    done = CliRunner().invoke(build(["status", "scenario"]), ["scenario", "test", str(office), "--only", "key 1"])
    assert isinstance(done.exception, CommandError)
    assert "FAILED  main: key 1 rings Anna" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scenario: main\n", "there are no tests"),
        ("scenario: main\ntests:\n  - {name: x, steps: [{here: a}]}\n", "there is no 'here' in a test"),
        ("scenario: main\ntests:\n  - {name: x, at: noon, steps: [{call: {}}]}\n", "at: 'noon' is no moment"),
        ("tests:\n  - {name: x, steps: [{call: {}}]}\n", "the scenario that is tested is not named"),
    ],
)
def test_a_wrong_test_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "main.tests.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_cases(file)
    assert told in str(caught.value)
    assert f"{file}:" in str(caught.value)


def test_a_drawing_has_every_step_and_shades_what_is_reached(tmp_path: Path) -> None:
    runner, office = CliRunner(), str(EXAMPLES / "small-office")
    drawn = runner.invoke(build(["status", "scenario"]), ["scenario", "draw", "main", "--site", office])
    assert drawn.output.startswith("flowchart TD")
    assert "-->|1| s3_keys_1_1" in drawn.output
    picture = tmp_path / "main.svg"
    words = ["scenario", "draw", "main", "--site", office, "--output", str(picture), "--coverage"]
    assert runner.invoke(build(["status", "scenario"]), words).exit_code == 0
    shown = picture.read_text()
    assert shown.count('fill="#cfe8cf"') == 10
    assert shown.count('fill="#f4f4f4"') == 2
