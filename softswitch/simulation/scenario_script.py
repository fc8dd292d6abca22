"""What stands in a scenario's test file: cases, each a line of things that happen and are expected.

::

    scenario: main
    tests:
      - name: key 1 leads to Anna
        at: "2026-11-23 10:00"          # local time; the simulation's own where it is not told
        phones: [anna, boris]           # whose phones are registered; everybody's where it is not told
        outside: ["+79990000001"]       # numbers outside that somebody answers
        answers:                        # of programs that steps ask; json may be a table, after_s makes it late
          - {url: "https://crm.example.net/", status: 200, json: {tariff: gold}, after_s: 1}
        steps:
          - call: {from: "+79161112233"}
          - hear: welcome.wav
          - press: "1"
          - rings: anna
          - wait: 20
          - silent: anna
          - answer: anna
          - talks: anna
          - hang_up: caller
          - ended: {status: 480}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from softswitch.core.errors import ConfigurationError
from softswitch.directory.fields import Checker, did_you_mean
from softswitch.directory.yaml_reader import YamlList, YamlNode, YamlTable, YamlText, read_yaml
from softswitch.simulation.errands import Answer

ACTIONS: Final[Mapping[str, str]] = {
    "call": '{from: "+79161112233"}',
    "asked": '"https://crm.example.net/contacts?phone=%2B79161112233"',
    "hear": "welcome.wav",
    "press": '"1"',
    "wait": "20",
    "rings": "anna",
    "silent": "anna",
    "answer": "anna",
    "decline": "anna",
    "busy": "anna",
    "talks": "anna",
    "hang_up": "caller",
    "ended": "{status: 480}",
    "message": "anna",
}
"""What may be done or expected, each with an example."""


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a case."""

    kind: str
    value: str
    keys: Mapping[str, str]
    """Where the value is a table."""
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One test."""

    name: str
    scenario: str
    file: str
    line: int
    at_s: float | None
    """Wall time at which it begins; None for the simulation's own."""
    phones: tuple[str, ...] | None
    """Users whose phones are registered; None for all."""
    actions: tuple[Action, ...]
    answers: tuple[Answer, ...] = ()
    """Of programs elsewhere that steps ask."""
    outside: tuple[str, ...] = ()
    """Numbers outside that somebody answers."""
    rows: tuple[str, ...] = ()
    """Numbers of requirements that it shows, for whoever keeps such a list."""


def read_cases(path: Path) -> list[Case]:
    """Read a test file.

    Raises:
        ConfigurationError: with everything that is wrong in it.
    """
    checker = Checker(str(path))
    tree = read_yaml(path.read_bytes(), str(path))
    scenario = _text(tree.get("scenario") if isinstance(tree, YamlTable) else None)
    tests = tree.get("tests") if isinstance(tree, YamlTable) else None
    if not scenario:
        checker.refuse(tree.line, "the scenario that is tested is not named", "scenario: main")
    cases: list[Case] = []
    if isinstance(tests, YamlList):
        cases = [case for item in tests.items if (case := _case(item, scenario, checker)) is not None]
    else:
        checker.refuse(tree.line, "there are no tests", "tests: and below it - name: ... for each")
    if checker.problems:
        raise ConfigurationError(checker.problems)
    return cases


def _case(node: YamlNode, scenario: str, checker: Checker) -> Case | None:
    if not isinstance(node, YamlTable):
        checker.refuse(node.line, "a test is not a table", "- name: what it shows, and steps: below it")
        return None
    name, steps = _text(node.get("name")), node.get("steps")
    if not name or not isinstance(steps, YamlList):
        checker.refuse(node.line, "a test lacks its name or its steps", "name: what it shows, and steps: a list")
        return None
    actions = [action for item in steps.items if (action := _action(item, checker)) is not None]
    phones = node.get("phones")
    named = _listed(phones) if isinstance(phones, YamlList) else None
    moment, answers = _moment(node.get("at"), checker), _answers(node.get("answers"), checker)
    others = _listed(node.get("outside")), _listed(node.get("rows"))
    return Case(name, scenario, checker.file, node.line, moment, named, tuple(actions), answers, *others)


def _listed(node: YamlNode | None) -> tuple[str, ...]:
    return tuple(_text(item) for item in node.items) if isinstance(node, YamlList) else ()


def _answers(node: YamlNode | None, checker: Checker) -> tuple[Answer, ...]:
    found = []
    for item in node.items if isinstance(node, YamlList) else ():
        url = _text(item.get("url")) if isinstance(item, YamlTable) else ""
        if not url or not isinstance(item, YamlTable):
            checker.refuse(
                item.line, "an answer has no url", '- {url: "https://crm.example.net/", json: {tariff: gold}}'
            )
            continue
        try:
            status, after_s = int(_text(item.get("status")) or 200), float(_text(item.get("after_s")) or 0.1)
        except ValueError:
            checker.refuse(item.line, "status or after_s of an answer is no number", "status: 200, after_s: 0.5")
            continue
        body = item.get("json")
        found.append(Answer(url, status, None if body is None else _document(body), after_s))
    return tuple(found)


def _document(node: YamlNode) -> object:
    """Read a JSON document; what is not in quotes and looks like a number or true is one."""
    if isinstance(node, YamlTable):
        return {key.value: _document(value) for key, value in node.entries}
    if isinstance(node, YamlList):
        return [_document(item) for item in node.items]
    if not node.plain:
        return node.value
    try:
        return json.loads(node.value or "null")
    except ValueError:
        return node.value


def _action(node: YamlNode, checker: Checker) -> Action | None:
    if not isinstance(node, YamlTable) or len(node.entries) != 1:
        checker.refuse(node.line, "a step of a test is not a table with one key", "- hear: welcome.wav")
        return None
    ((key, value),) = node.entries
    if key.value not in ACTIONS:
        cure = did_you_mean(key.value, ACTIONS, f"one of {', '.join(ACTIONS)}")
        checker.refuse(key.line, f"there is no '{key.value}' in a test", cure)
        return None
    if isinstance(value, YamlList):
        checker.refuse(value.line, f"{key.value} is a list", f"{key.value}: {ACTIONS[key.value]}")
        return None
    keys = {k.value: _text(v) for k, v in value.entries} if isinstance(value, YamlTable) else {}
    return Action(key.value, _text(value), keys, key.line)


def _moment(node: YamlNode | None, checker: Checker) -> float | None:
    if node is None:
        return None
    try:
        return datetime.fromisoformat(_text(node)).timestamp()
    except ValueError:
        checker.refuse(node.line, f"at: '{_text(node)}' is no moment", 'at: "2026-11-23 10:00"')
        return None


def _text(node: YamlNode | None) -> str:
    return node.value if isinstance(node, YamlText) else ""
