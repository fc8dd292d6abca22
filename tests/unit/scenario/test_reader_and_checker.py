"""What is wrong with a scenario's file is told with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.directory.loader import LoadedSite, load_paths
from softswitch.directory.yaml_reader import YamlTable, read_yaml
from softswitch.scenario import checker
from softswitch.scenario.model import Scenario
from softswitch.scenario.reader import read_scenario
from softswitch.scenario.site_check import check_scenarios

SITE = """
users:
  - {name: anna, extension: "101", password: rk47-dn2x-9wqe}
groups:
  - {name: sales, extension: "600", members: [{user: anna}]}
  - {name: nobody, extension: "601"}
numbers:
  - {number: "+74950000001", scenario: main}
"""


def load(folder: Path, **scenarios: str) -> LoadedSite:
    """Load a site with these scenarios; ``welcome.wav`` is there, nothing else."""
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "welcome.wav").write_bytes(b"RIFF")
    (folder / "site.yaml").write_text(SITE)
    for name, steps in scenarios.items():
        (folder / "scenarios" / f"{name}.yaml").write_text(f"name: {name}\nsteps:\n{steps}")
    return load_paths([folder], domain="example.net", scenarios=check_scenarios)


def problems(folder: Path, **scenarios: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, **scenarios)
    return [str(problem).removeprefix(f"{folder}/scenarios/") for problem in caught.value.problems]


WRONG = {
    "a key that is misspelt": (
        "  - play: {fil: welcome.wav}\n",
        [
            "main.yaml:3: play: file is missing\n    write instead: file: welcome.wav",
            "main.yaml:3: play: unknown key 'fil'\n    write instead: file (did you mean that?)",
        ],
    ),
    "a step that is misspelt": (
        "  - employe: {name: anna}\n",
        ["main.yaml:3: there is no step 'employe'\n    write instead: employee (did you mean that?)"],
    ),
    "a number that is none": (
        "  - employee: {name: anna, ring_s: soon}\n",
        [
            "main.yaml:3: employee: ring_s 'soon' does not fit: input should be a valid number, unable to parse string"
            " as a number\n    write instead: e.g. ring_s: 20"
        ],
    ),
    "a key of no phone": (
        '  - menu: {keys: {"12": [{hang_up: {}}]}}\n',
        ["main.yaml:3: menu: keys: '12' is no key of a phone\n    write instead: one of 0-9 * #, in quotes"],
    ),
    "a step without a colon": (
        "  - hang_up\n",
        ["main.yaml:3: a step is not a table with one key, its kind\n    write instead: - hang_up: {}"],
    ),
    "a word that is nearly a step": (
        "  - hangup\n",
        ["main.yaml:3: a step is not a table with one key, its kind\n    write instead: - hang_up: {}"],
    ),
    "days that there are not": (
        "  - when: {days: mon-fry, steps: [{hang_up: {}}]}\n",
        [
            "main.yaml:3: when: days: 'mon-fry' are no days\n"
            "    write instead: mon-fri, or some of mon, tue, wed, thu, fri, sat, sun"
        ],
    ),
    "a step without its dash": (
        "  play: {file: welcome.wav}\n",
        [
            "main.yaml:3: the scenario: the steps are not a list\n"
            "    write instead: one step a line, each with a dash: - play: {file: welcome.wav}"
        ],
    ),
    "somebody whom nobody knows": (
        "  - employee: {name: ana}\n",
        ["main.yaml:3: employee: there is no user ana\n    write instead: anna (did you mean that?)"],
    ),
    "a group that has nobody": (
        "  - group: {name: nobody}\n",
        [
            "main.yaml:3: group: group nobody has no members\n"
            "    write instead: members for the group nobody, or another group"
        ],
    ),
    "a number that leads back": (
        '  - number: {to: "+74950000001"}\n',
        [
            "main.yaml:3: number: +74950000001 leads back to this switch\n"
            "    write instead: - scenario, - employee or - group for what is inside"
        ],
    ),
    "an address of our own": (
        "  - sip: {to: 'sip:anna@example.net'}\n",
        [
            "main.yaml:3: sip: sip:anna@example.net is an address of this switch\n"
            "    write instead: - employee or - group for what is inside"
        ],
    ),
    "a branch without a step": (
        '  - menu: {keys: {"1": []}}\n  - hang_up: {}\n',
        ["main.yaml:3: menu: key 1 leads to no step\n    write instead: at least one step, e.g. [{hang_up: {}}]"],
    ),
    "hours that never are": (
        '  - when: {from: "09:00", to: "09:00", steps: [{hang_up: {}}]}\n',
        [
            "main.yaml:3: when: no moment lies in this range\n"
            '    write instead: from and to that differ, e.g. from: "09:00", to: "18:00"'
        ],
    ),
    "a variable that no step sets": (
        '  - set: {name: tariff, value: gold}\n  - if: {value: "{tarif}", is: gold, steps: [{hang_up: {}}]}\n',
        ["main.yaml:4: if: no step sets {tarif}\n    write instead: tariff (did you mean that?)"],
    ),
    "a condition that says nothing": (
        "  - if: {steps: [{hang_up: {}}]}\n",
        [
            "main.yaml:3: if: nothing is said of the value\n"
            '    write instead: is, starts, above, below or contact, e.g. starts: ["+7495"]'
        ],
    ),
    "a variable that every call has": (
        "  - set: {name: caller, value: x}\n",
        [
            "main.yaml:3: set: name: caller is the caller's number, and is not set\n"
            "    write instead: another name, e.g. my_caller"
        ],
    ),
    "a host that the caller chooses": (
        '  - http: {url: "https://{caller}/x"}\n',
        [
            "main.yaml:3: http: url: a caller must not choose the host\n"
            "    write instead: variables behind the host only"
        ],
    ),
    "a country without holidays": (
        "  - when: {only_holidays: Atlantis, steps: [{hang_up: {}}]}\n",
        [
            "main.yaml:3: when: only_holidays: no holidays are known of 'Atlantis'\n"
            "    write instead: two letters of a country, e.g. RU, or RU-MOW"
        ],
    ),
    "a loop of conditions": (
        "  - if: {contact: true, steps: [{goto: {scenario: main}}]}\n  - hang_up: {}\n",
        [
            "main.yaml:3: a loop without an exit: 'main' leads back to 'main' at once\n"
            "    write instead: a step before it that a caller can be answered by, or another target"
        ],
    ),
    "a SIP address that is none": (
        "  - sip: {to: 'sips:desk@example.org'}\n",
        [
            "main.yaml:3: sip: to: 'sips:desk@example.org' is no SIP address that can be called\n"
            "    write instead: sip:desk@example.net"
        ],
    ),
    "a key of the scenario that there is not": (
        "  - hang_up: {}\nstep: []\n",
        ["main.yaml:4: a scenario has no key 'step'\n    write instead: steps (did you mean that?)"],
    ),
    "a step of two kinds": (
        "  - {play: {file: welcome.wav}, hang_up: {}}\n",
        [
            "main.yaml:3: a step is not a table with one key, its kind\n"
            "    write instead: - play: {file: welcome.wav} (indent what belongs to the step, or use {braces})"
        ],
    ),
    "keys that are a word": (
        "  - employee: anna\n",
        ["main.yaml:3: employee: its keys are not a table\n    write instead: employee: {name: anna}"],
    ),
    "a scenario without steps": (
        "    []\n",
        ["main.yaml:1: the scenario has no steps\n    write instead: at least one, e.g. - hang_up: {}"],
    ),
    "a group that is misspelt": (
        "  - group: {name: sale}\n",
        ["main.yaml:3: group: there is no group sale\n    write instead: sales (did you mean that?)"],
    ),
    "a queue where there is none": (
        "  - queue: {name: support}\n",
        ["main.yaml:3: queue: there is no queue support\n    write instead: a queue in the files first"],
    ),
    "a room where there is none": (
        "  - room: {name: meeting}\n",
        ["main.yaml:3: room: there is no room meeting\n    write instead: a room in the files first"],
    ),
    "a route where there is none": (
        '  - number: {to: "+79990000001", route: out}\n',
        ["main.yaml:3: number: there is no route out\n    write instead: a route in the files first"],
    ),
    "a mailbox of nobody": (
        "  - voicemail: {box: sale}\n  - hang_up: {}\n",
        ["main.yaml:3: voicemail: there is no user or group sale\n    write instead: sales (did you mean that?)"],
    ),
    "a scenario that there is not": (
        "  - scenario: {name: nigth}\n",
        ["main.yaml:3: scenario: there is no scenario nigth\n    write instead: one of main"],
    ),
    "sound that is none": (
        "  - play: {file: welcome.txt}\n",
        ["main.yaml:3: play: 'welcome.txt' is no audio file\n    write instead: a file of .wav, .mp3, .ogg, .flac"],
    ),
    "more digits than fit": (
        "  - collect: {into: account, least: 9, most: 4}\n",
        ["main.yaml:3: collect: at least 9 digits and at most 4\n    write instead: least that is not above most"],
    ),
    "a time zone that there is not": (
        "  - when: {zone: Europe/Moskva, steps: [{hang_up: {}}]}\n",
        ["main.yaml:3: when: zone: there is no time zone 'Europe/Moskva'\n    write instead: a name as Europe/Moscow"],
    ),
    "dates in the wrong order": (
        "  - when: {dates: 2027-01-08..2026-12-31, steps: [{hang_up: {}}]}\n",
        [
            "main.yaml:3: when: dates: '2027-01-08..2026-12-31' ends before it starts\n"
            "    write instead: the earlier date first"
        ],
    ),
    "a time of day that there is not": (
        '  - when: {from: "25:00", steps: [{hang_up: {}}]}\n',
        ["main.yaml:3: when: from: '25:00' is no time of day\n    write instead: hours and minutes, e.g. \"09:00\""],
    ),
    "a calendar that is not there": (
        "  - when: {calendar: days.ics, steps: [{hang_up: {}}]}\n  - hang_up: {}\n",
        [
            "main.yaml:3: when: the calendar FOLDER/scenarios/days.ics cannot be read: No such file or directory\n"
            "    write instead: an iCalendar file (.ics), its path relative to the scenario's folder"
        ],
    ),
    "a loop without an exit": (
        "  - scenario: {name: main}\n",
        [
            "main.yaml:3: a loop without an exit: 'main' leads back to 'main' at once\n"
            "    write instead: a step before it that a caller can be answered by, or another target"
        ],
    ),
}


@pytest.mark.parametrize(("steps", "told"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_told_with_its_line_and_its_cure(tmp_path: Path, steps: str, told: list[str]) -> None:
    assert [line.replace(str(tmp_path), "FOLDER") for line in problems(tmp_path, main=steps)] == told


@pytest.mark.row("S-20")
def test_a_sip_address_of_the_switch_itself_is_refused(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, main="  - sip: {to: 'sip:101@example.net:5060'}\n  - hang_up: {}\n")
    assert told.startswith("main.yaml:3: sip: sip:101@example.net:5060 is an address of this switch")


@pytest.mark.row("S-1", "S-2", "S-3")
def test_numbers_and_scenarios_are_lists_and_one_scenario_serves_many_numbers(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text('numbers:\n  - {number: "+74950000002", scenario: main}\n')
    load(tmp_path, main="  - hang_up: {}\n", other="  - hang_up: {reason: busy}\n")
    paths = [tmp_path, tmp_path / "more.yaml"]
    site = load_paths(paths, domain="example.net", scenarios=check_scenarios).site
    assert sorted(site.scenarios) == ["main", "other"]
    assert {number.number: number.target for number in site.numbers.values()} == {
        "+74950000001": "main",
        "+74950000002": "main",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: main\nstep:\n  - hang_up: {}\n", "2: a scenario has no key 'step'\n    write instead: steps (did you"),
        ("steps:\n  - hang_up: {}\n", "1: the scenario has no name\n    write instead: name: main"),
        ("", "1: the file is empty\n    write instead: name: main, and steps: below it, a list"),
        ("- hang_up: {}\n", "1: this is no scenario\n    write instead: name: main, and steps: below it, a list"),
        ("name: main\nsteps:\n\t- hang_up: {}\n", "3: a tab stands where spaces belong\n    write instead: spaces"),
        (
            'name: main\nsteps:\n  - play: {file: "a.wav}\n  - set: {name: x, value: "1"}\n',
            '3: a quote is opened here and not closed\n    write instead: the closing "',
        ),
    ],
)
def test_a_file_that_is_no_scenario_is_told_once_and_not_by_those_who_name_it(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "scenarios" / "main.yaml").write_text(text)
    (tmp_path / "scenarios" / "other.yaml").write_text("name: other\nsteps:\n  - scenario: {name: main}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_paths([tmp_path], domain="example.net", scenarios=check_scenarios)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{tmp_path}/scenarios/main.yaml:{told}")


def test_audio_that_is_not_there_is_named_with_its_path(tmp_path: Path) -> None:
    assert problems(tmp_path, main="  - play: {file: bye.wav}\n  - hang_up: {}\n") == [
        f"main.yaml:3: play: there is no file {tmp_path}/scenarios/bye.wav\n"
        "    write instead: the path of an audio file, relative to the scenario's folder"
    ]


def test_what_nobody_reaches_and_what_runs_out_is_said_and_stops_nothing(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        main="  - scenario: {name: other}\n  - play: {file: welcome.wav}\n",
        other="  - hang_up: {}\n  - play: {file: welcome.wav}\n",
    )
    said = [notice.removeprefix(f"{tmp_path}/") for notice in loaded.notices]
    assert (
        "scenarios/other.yaml:4: no caller reaches this step: 'hang up' in line 3 ends every call"
        " (take it away, or move it before that line)"
    ) in said
    assert any(line.startswith("scenarios/main.yaml:4: no caller reaches this step: 'scenario other'") for line in said)


def test_a_scenario_of_a_number_that_runs_out_is_named_but_not_one_that_comes_back(tmp_path: Path) -> None:
    loaded = load(tmp_path, main="  - scenario: {name: other}\n", other="  - play: {file: welcome.wav}\n")
    said = [notice.removeprefix(f"{tmp_path}/") for notice in loaded.notices if "reaches the end" in notice]
    assert [line.partition(": ")[0] for line in said] == ["scenarios/main.yaml:3"]


NOTICED = {
    "hours that no step is for": (
        '  - when: {days: mon-fri, from: "09:00", to: "18:00", steps: [{hang_up: {}}]}\n'
        '  - when: {days: mon-fri, from: "18:00", to: "09:00", steps: [{hang_up: {}}]}\n',
        "no step is for mon 00:00, and 48 hours a week in all",
    ),
    "whoever does nothing goes round": (
        '  - menu: {keys: {"1": [{hang_up: {}}]}}\n  - goto: {scenario: main}\n',
        "whoever does nothing goes round in 'main'",
    ),
    "faxes": (
        "  - fax: {}\n  - hang_up: {}\n",
        "fax: not available: this switch does not receive faxes yet; callers pass over it (another step meanwhile)",
    ),
    "a caller whom nobody answers": (
        "  - employee: {name: anna}\n",
        "a caller whom nobody answers reaches the end after 'ring anna' and is hung up on"
        " (- voicemail or - hang_up as the last step says what you want)",
    ),
    "what stands behind two branches that both end": (
        "  - if: {contact: true, steps: [{hang_up: {}}], else: [{hang_up: {}}]}\n  - play: {file: welcome.wav}\n",
        "no caller reaches this step",
    ),
}


@pytest.mark.parametrize(("steps", "told"), NOTICED.values(), ids=list(NOTICED))
def test_what_is_odd_is_said_and_stops_nothing(tmp_path: Path, steps: str, told: str) -> None:
    notices = load(tmp_path, main=steps).notices
    assert any(told in notice and "main.yaml:" in notice for notice in notices), notices


def test_every_rule_of_the_checker_is_among_these() -> None:
    said = dict.fromkeys(checker._RULES, 0)
    for steps, _ in (*WRONG.values(), *NOTICED.values(), ("  - play: {file: bye.wav}\n", "")):
        tree = read_yaml(f"name: main\nsteps:\n{steps}".encode(), "/nowhere/main.yaml")
        found = read_scenario(tree, "/nowhere/main.yaml") if isinstance(tree, YamlTable) else None
        if found is None or found.problems or found.scenario is None:
            continue
        around = checker.Surroundings(
            {"user": frozenset(("anna",)), "group": frozenset(("sales", "nobody"))},
            frozenset(("nobody",)),
            frozenset(("74950000001",)),
            "example.net",
            {"main": found.scenario},
            frozenset(("main",)),
        )
        for rule in said:
            said[rule] += len(list(rule(found.scenario, around)))
    assert [rule.__name__ for rule, count in said.items() if not count] == []


NESTED = """name: main
steps:
  - menu: {keys: {"1": [{hang_up: {}}, {hang_up: {}}], "2": [{when: {steps: [{hang_up: {}}]}}]}}
  - hang_up: {}
"""


def nested() -> Scenario:
    tree = read_yaml(NESTED.encode(), "main.yaml")
    assert isinstance(tree, YamlTable)
    found = read_scenario(tree, "main.yaml")
    assert found.problems == ()
    assert found.scenario is not None
    return found.scenario


@pytest.mark.parametrize(
    ("path", "follower"),
    [("1.keys.1.1", "1.keys.1.2"), ("1.keys.1.2", "2"), ("1.keys.2.1.steps.1", "2"), ("1", "2"), ("2", None)],
)
def test_after_the_last_step_of_a_block_comes_the_step_after_the_one_that_holds_it(
    path: str, follower: str | None
) -> None:
    scenario = nested()
    found = scenario.after(path)
    assert (None if found is None else found.path) == follower
    assert scenario.at(path) is not None
    first = scenario.steps.first
    assert first is not None
    assert first.path == "1"
