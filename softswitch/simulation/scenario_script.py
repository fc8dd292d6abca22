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
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from softswitch.core.errors import ConfigurationError
from softswitch.directory.fields import (
    Checker,
    Entry,
    Field,
    Fields,
    did_you_mean,
    free_text,
    list_of,
    number,
    read_table,
    table,
    text_of,
    whole,
)
from softswitch.directory.yaml_reader import YamlList, YamlNode, YamlTable, YamlText, read_yaml
from softswitch.simulation.errands import Answer

ACTIONS: Final[Mapping[str, str]] = {
    "call": '{from: "+79161112233"}',
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
    "asked": '"https://crm.example.net/contacts?phone=%2B79161112233"',
}
"""What may be done or expected, each with an example."""
CALLER: Final = "caller"
_TABLES: Final[Mapping[str, Fields]] = {
    "call": {"from": Field(free_text()), "to": Field(free_text())},
    "ended": {"status": Field(whole(100, 699))},
}
"""Those that take a table, which may be left out."""
_FORMS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "press": (re.compile(r"[0-9A-D*#]+"), "are no keys of a phone"),
    "wait": (re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})? ?s?"), "is no number of seconds"),
}
"""Those whose text has a certain form, and what is said of another one."""


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
    tree = read_yaml(path.read_bytes(), str(path), wanted="scenario: main, and tests: below it, a list")
    found = read_table(tree, "the test file", _FILE, checker)
    tests: Sequence[Entry] = () if found is None else _listed(found, "tests")
    if not tests and not checker.problems:
        checker.refuse(tree.line, "there are no tests", "tests: and below it - name: ... for each")
    if found is None or checker.problems:
        raise ConfigurationError(checker.problems)
    return [_case(test, found.text("scenario")) for test in tests]


def _case(entry: Entry, scenario: str) -> Case:
    values: Mapping[str, Any] = entry.values
    return Case(
        name=entry.text("name"),
        scenario=scenario,
        file=entry.file,
        line=entry.line,
        at_s=values.get("at"),
        phones=values.get("phones"),
        actions=_listed(entry, "steps"),
        answers=tuple(_answer(each.values) for each in _listed(entry, "answers")),
        outside=_listed(entry, "outside"),
        rows=_listed(entry, "rows"),
    )


def _listed(entry: Entry, key: str) -> tuple[Any, ...]:
    found = entry.values.get(key, ())
    return found if isinstance(found, tuple) else ()


def _answer(values: Mapping[str, Any]) -> Answer:
    (document,) = values.get("json", (None,))
    return Answer(values["url"], values.get("status", 200), document, values.get("after_s", 0.1))


# What may stand where; each as softswitch.directory.fields wants it


def _action(node: YamlNode, called: str, checker: Checker) -> Action | None:
    if not isinstance(node, YamlTable) or len(node.entries) != 1:
        checker.refuse(node.line, "a step of a test is not a table with one key", "- hear: welcome.wav")
        return None
    ((key, value),) = node.entries
    if key.value not in ACTIONS:
        cure = did_you_mean(key.value, ACTIONS, f"one of {', '.join(ACTIONS)}")
        checker.refuse(key.line, f"there is no '{key.value}' in a test", cure)
        return None
    nothing = isinstance(value, YamlText) and not value.value
    if key.value in _TABLES:
        return Action(key.value, "", {} if nothing else _keys(key, value, checker), key.line)
    if key.value == "hang_up" and nothing:
        return Action(key.value, CALLER, {}, key.line)
    return Action(key.value, _text(key, value, checker), {}, key.line)


def _keys(key: YamlText, value: YamlNode, checker: Checker) -> Mapping[str, str]:
    if not isinstance(value, YamlTable):
        checker.refuse(value.line, f"{key.value} takes a table", f"{key.value}: {ACTIONS[key.value]}")
        return {}
    found = read_table(value, key.value, _TABLES[key.value], checker)
    return {} if found is None else {name: str(each) for name, each in found.values.items()}


def _text(key: YamlText, value: YamlNode, checker: Checker) -> str:
    cure = f"{key.value}: {ACTIONS[key.value]}"
    text = text_of(value, key.value, checker, cure)
    if text is not None and key.value in _FORMS:
        form, otherwise = _FORMS[key.value]
        if not form.fullmatch(text):
            checker.refuse(value.line, f"{key.value}: '{text[:60]}' {otherwise}", cure)
    return text or ""


def _moment(node: YamlNode, called: str, checker: Checker) -> object:
    cure = 'at: "2026-11-23 10:00"'
    text = text_of(node, "at", checker, cure)
    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except ValueError:
        checker.refuse(node.line, f"at: '{text}' is no moment", cure)
        return None


def _seconds(node: YamlNode, called: str, checker: Checker) -> object:
    text = text_of(node, called, checker, "after_s: 0.5")
    try:
        return None if text is None else float(text)
    except ValueError:
        checker.refuse(node.line, f"{called} '{text}' is no number of seconds", "after_s: 0.5")
        return None


def _document(node: YamlNode, called: str, checker: Checker) -> object:
    """Read a JSON document, in a tuple, because it may be null."""
    return (_json(node),)


def _json(node: YamlNode) -> object:
    """Read a JSON value; what is not in quotes and looks like a number or true is one."""
    if isinstance(node, YamlTable):
        return {key.value: _json(value) for key, value in node.entries}
    if isinstance(node, YamlList):
        return [_json(item) for item in node.items]
    if not node.plain:
        return node.value
    try:
        return json.loads(node.value or "null")
    except ValueError:
        return node.value


_ANSWER: Final[Fields] = {
    "url": Field(free_text(1000), required=True, example='"https://crm.example.net/"'),
    "status": Field(whole(100, 599)),
    "json": Field(_document),
    "after_s": Field(_seconds),
}
_CASE: Final[Fields] = {
    "name": Field(free_text(200), required=True, example="key 1 leads to Anna"),
    "at": Field(_moment),
    "phones": Field(list_of(free_text())),
    "outside": Field(list_of(number)),
    "answers": Field(list_of(table(_ANSWER))),
    "rows": Field(list_of(free_text())),
    "steps": Field(list_of(_action), required=True, example='- call: {from: "+79161112233"}'),
}
_FILE: Final[Fields] = {
    "scenario": Field(free_text(), required=True, example="main"),
    "tests": Field(list_of(table(_CASE)), required=True, example="and below it - name: ... for each"),
}
