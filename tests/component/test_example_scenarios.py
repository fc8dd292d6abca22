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
from softswitch.simulation.scenario_player import ScenarioPlayer
from softswitch.simulation.scenario_script import read_cases
from softswitch.simulation.scenario_test import load_site, play, run_case

EXAMPLES = Path(__file__).parents[2] / "scenarios"
CASES = [case for file in sorted(EXAMPLES.glob("*/scenarios/*.tests.yaml")) for case in read_cases(file)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.scenario}: {case.name}" for case in CASES])
def test_every_example_passes_its_tests(case: object) -> None:
    (found,) = [one for one in CASES if one is case]
    folder = Path(found.file).parents[1]
    site = load_paths([folder], domain="example.net", scenarios=check_scenarios).site
    assert run_case(found, site).problem == ""


def test_the_same_seed_gives_the_same_run_octet_for_octet_and_another_one_others() -> None:
    seen: list[tuple[list[bytes], list[str]]] = []

    async def script(player: ScenarioPlayer) -> None:
        await player.call("+79161112233")
        await player.press("1")
        await player.answer("anna")
        await player.talks("anna")
        await player.hang_up()
        datagrams = [f"{line} {line.data!r}" for line in player.world.network.trace]
        seen.append((player.world.switch.journal.records(), datagrams))

    for seed in (7, 7, 8):
        assert play(EXAMPLES / "small-office", script, at="2026-11-23 10:00", seed=seed).problem == ""
    first, again, other = seen
    assert min(len(each) for each in first) > 10
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


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


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("scenarios/main.tests.yaml", "5 passed, 0 failed"),
        ("scenarios/main.yaml", "5 passed, 0 failed"),
        ("scenarios/night.yaml", "1 passed, 0 failed"),
        ("scenarios", "6 passed, 0 failed"),
        ("site.yaml", "6 passed, 0 failed"),
    ],
)
def test_a_file_or_a_folder_of_the_site_says_whose_tests_are_meant(tmp_path: Path, path: str, told: str) -> None:
    office = copy_of_example(tmp_path)
    (office / "scenarios" / "night.tests.yaml").write_text(
        "scenario: night\ntests:\n  - {name: no number leads to it, steps: [call: , hear: night.ogg, ended: ]}\n"
    )
    done = CliRunner().invoke(build(["status", "scenario"]), ["scenario", "test", str(office / path)])
    assert told in done.output


def test_the_command_fails_where_no_test_is_meant_and_says_what_was_heard_for_a_misspelt_file(tmp_path: Path) -> None:
    office = copy_of_example(tmp_path)
    command = build(["status", "scenario"])
    none = CliRunner().invoke(command, ["scenario", "test", str(office), "--only", "key 7"])
    assert str(none.exception).startswith("no test's name holds 'key 7'; there are: key 1 rings Anna, and she talks; ")
    (office / "scenarios" / "main.tests.yaml").write_text(
        "scenario: main\ntests:\n  - {name: x, at: '2026-11-23 23:30', steps: [call: , hear: nigth.ogg]}\n"
    )
    failed = CliRunner().invoke(command, ["scenario", "test", str(office)])
    assert "hear: nigth.ogg was not heard within 120 s; night.ogg was (did you mean that?)" in failed.output
    assert CliRunner().invoke(command, ["scenario", "check", str(office)]).exit_code == 0


def test_the_command_fails_where_a_test_fails(tmp_path: Path) -> None:
    office = copy_of_example(tmp_path)
    text = (office / "scenarios" / "main.tests.yaml").read_text()
    (office / "scenarios" / "main.tests.yaml").write_text(text.replace("hear: welcome.ogg", "hear: missing.ogg", 1))
    done = CliRunner().invoke(build(["status", "scenario"]), ["scenario", "test", str(office), "--only", "key 1"])
    assert isinstance(done.exception, CommandError)
    assert "FAILED  main: key 1 rings Anna" in done.output


HEAD = "scenario: main\ntests:\n  - name: x\n"
WRONG = [
    ("scenario: main\n", ":1: the test file: tests is missing", "tests: and below it - name: ... for each"),
    ("scenario: main\ntests: []\n", ":1: there are no tests", "tests: and below it - name: ... for each"),
    ("tests:\n  - {name: x, steps: [{call: }]}\n", ":1: the test file: scenario is missing", "scenario: main"),
    (f"{HEAD}    steps: [{{here: a}}]\n", ":4: there is no 'here' in a test", "hear (did you mean that?)"),
    (f"{HEAD}    at: noon\n    steps: [call: ]\n", ":4: at: 'noon' is no moment", 'at: "2026-11-23 10:00"'),
    (f"{HEAD}    phone: [anna]\n    steps: [call: ]\n", ":4: test x: unknown key 'phone'", "phones (did you mean"),
    (f"{HEAD}    phones: anna\n    steps: [call: ]\n", ":4: test x: phones is not a list", ""),
    (f"{HEAD}    outside: '+79990000001'\n    steps: [call: ]\n", ":4: test x: outside is not a list", ""),
    (f"{HEAD}    steps:\n      - call: '+79161112233'\n", ":5: call takes a table", 'call: {from: "+79161112233"}'),
    (f"{HEAD}    steps:\n      - call: {{form: '1'}}\n", ":5: call: unknown key 'form'", "from (did you mean that?)"),
    (f"{HEAD}    steps:\n      - ended: 480\n", ":5: ended takes a table", "ended: {status: 480}"),
    (f"{HEAD}    steps:\n      - ended: {{status: busy}}\n", ":5: ended: status 'busy' does not fit", "a whole number"),
    (f"{HEAD}    steps:\n      - wait: a while\n", ":5: wait: 'a while' is no number of seconds", "wait: 20"),
    (f"{HEAD}    steps:\n      - press: one\n", ":5: press: 'one' are no keys of a phone", 'press: "1"'),
    (f"{HEAD}    steps:\n      - hear:\n", ":5: hear has no value", "hear: welcome.wav"),
    (f"{HEAD}    steps:\n      - hear: [a.wav]\n", ":5: hear is a list, not one value", "hear: welcome.wav"),
    (f"{HEAD}    steps:\n      - hear\n", ":5: a step of a test is not a table with one key", "- hear: welcome.wav"),
    (
        f"{HEAD}    answers: [{{status: 200}}]\n    steps: [call: ]\n",
        ":4: test x: answers, entry 1: url is missing",
        "",
    ),
]


@pytest.mark.parametrize(("text", "told", "cure"), WRONG, ids=[told for _, told, _ in WRONG])
def test_a_wrong_test_file_is_told_with_its_line_and_the_cure(tmp_path: Path, text: str, told: str, cure: str) -> None:
    file = tmp_path / "main.tests.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_cases(file)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{file}{told}")
    assert cure in problem.cure


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "phones: [ana]\n    steps: [call: ]",
            ":3: there is no user ana\n    write instead: anna (did you mean that?)",
        ),
        ("steps:\n      - call:\n      - rings: bors", ":6: there is no user bors\n    write instead: boris (did you"),
        ("steps:\n      - answer: '+7999'", ":5: nobody answers +7999 in this test\n    write instead: outside: "),
        ("steps:\n      - message: zoe", ":5: there is no user or group zoe\n    write instead: one of anna, boris"),
    ],
)
def test_a_name_that_nobody_has_is_told_before_anything_is_played(tmp_path: Path, lines: str, told: str) -> None:
    file = tmp_path / "main.tests.yaml"
    file.write_text(f"{HEAD}    {lines}\n")
    (case,) = read_cases(file)
    assert run_case(case, load_site(EXAMPLES / "small-office")).problem.startswith(f"{file}{told}")


def test_a_test_of_a_scenario_that_there_is_not_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mian.tests.yaml"
    file.write_text("scenario: mian\ntests:\n  - {name: x, steps: [call: ]}\n")
    (case,) = read_cases(file)
    told = f"{file}:3: there is no scenario mian\n    write instead: main (did you mean that?)"
    assert run_case(case, load_site(EXAMPLES / "small-office")).problem == told


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
