"""A scenario's YAML to its model, with what is wrong told by file and line.

Values are text until the step's model says what they are (:mod:`softswitch.directory.yaml_reader`), so ``09:00`` stays
what was written. Blocks of steps are read here, because only here their lines are known; a model gets them ready made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from softswitch.core.errors import Problem
from softswitch.directory.fields import Checker, did_you_mean
from softswitch.directory.yaml_reader import YamlList, YamlNode, YamlTable, YamlText
from softswitch.scenario.model import Block, Placed, Scenario, Step
from softswitch.scenario.registry import KINDS

_KEYS: Final = ("name", "steps")
_EXAMPLE: Final = "- play: {file: welcome.wav}"


@dataclass(frozen=True, slots=True)
class ReadScenario:
    """What a file gave."""

    scenario: Scenario | None
    """None where its name or its steps could not be read at all."""
    problems: tuple[Problem, ...]


def read_scenario(tree: YamlTable, file: str) -> ReadScenario:
    """Read one scenario.

    Args:
        tree: the file's table.
        file: its path, for what is said about it.
    """
    checker = Checker(file)
    for key, _ in tree.entries:
        if key.value not in _KEYS:
            cure = did_you_mean(key.value, _KEYS, "name and steps only")
            checker.refuse(key.line, f"a scenario has no key '{key.value}'", cure)
    name = tree.get("name")
    if not isinstance(name, YamlText) or not name.value:
        checker.refuse(tree.line, "the scenario has no name", "name: main")
    written = tree.get("steps")
    misspelt = written is None and bool(checker.problems)  # which is told already
    steps = Block() if misspelt else _block(written, tree.line, "", "the scenario", checker)
    made = None
    if isinstance(name, YamlText) and name.value:
        made = Scenario(name.value, file, name.line, steps)
    return ReadScenario(made, tuple(checker.problems))


def _block(node: YamlNode | None, line: int, path: str, called: str, checker: Checker) -> Block:
    if not isinstance(node, YamlList):
        at = line if node is None else node.line
        checker.refuse(at, f"{called}: the steps are not a list", f"one step a line, each with a dash: {_EXAMPLE}")
        return Block()
    placed = [_step(item, f"{path}{number}", checker) for number, item in enumerate(node.items, start=1)]
    return Block(tuple(step for step in placed if step is not None))


def _step(node: YamlNode, path: str, checker: Checker) -> Placed | None:
    if not isinstance(node, YamlTable) or len(node.entries) != 1:
        what = "a step is not a table with one key, its kind"
        checker.refuse(node.line, what, _step_meant(node))
        return None
    ((kind, given),) = node.entries
    model = KINDS.get(kind.value)
    if model is None:
        cure = did_you_mean(kind.value, KINDS, f"one of {', '.join(KINDS)}")
        checker.refuse(kind.line, f"there is no step '{kind.value}'", cure)
        return None
    table = YamlTable((), kind.line) if given == YamlText("", given.line, plain=True) else given
    if not isinstance(table, YamlTable):
        example = _example(model)
        checker.refuse(given.line, f"{kind.value}: its keys are not a table", f"{kind.value}: {example}")
        return None
    return _validated(model, table, path, kind.line, checker)


def _step_meant(node: YamlNode) -> str:
    near = get_close_matches(node.value, KINDS, n=1) if isinstance(node, YamlText) else []
    if near:
        return f"- {near[0]}: {_example(KINDS[near[0]])}"
    return f"{_EXAMPLE} (indent what belongs to the step, or use {{braces}})"


def _validated(model: type[Step], table: YamlTable, path: str, line: int, checker: Checker) -> Placed | None:
    blocks = _block_keys(model)
    values: dict[str, Any] = {}
    before = len(checker.problems)
    for key, node in table.entries:
        called = f"{model.kind}: {key.value}"
        if key.value in blocks:
            values[key.value] = _blocks_of(node, blocks[key.value], f"{path}.{key.value}.", called, checker)
        else:
            values[key.value] = _plain(node)
    try:
        step = model.model_validate(values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            checker.refuse(*_told(model, table, line, each))
        return None
    if len(checker.problems) > before and not step.blocks():
        return None
    return Placed(step, path, line, {key.value: key.line for key, _ in table.entries})


def _block_keys(model: type[Step]) -> Mapping[str, bool]:
    """Return which keys hold blocks: true where each key of a table in it holds one."""
    found = {}
    for name, field in model.model_fields.items():
        if field.annotation is Block:
            found[field.alias or name] = False
        elif Block in get_args(field.annotation):
            found[field.alias or name] = get_origin(field.annotation) is dict
    return found


def _blocks_of(node: YamlNode, by_key: bool, path: str, called: str, checker: Checker) -> object:
    if not by_key:
        return _block(node, node.line, path, called, checker)
    if not isinstance(node, YamlTable):
        return _plain(node)
    return {
        key.value: _block(value, key.line, f"{path}{key.value}.", f"{called} {key.value}", checker)
        for key, value in node.entries
    }


def _plain(node: YamlNode) -> object:
    if isinstance(node, YamlText):
        return None if node.plain and not node.value else node.value
    if isinstance(node, YamlList):
        return [_plain(item) for item in node.items]
    return {key.value: _plain(value) for key, value in node.entries}


def _told(model: type[Step], table: YamlTable, line: int, error: ErrorDetails) -> tuple[int, str, str]:
    """Say one thing that pydantic found in the words of this program: line, what, cure."""
    keys = [str(part) for part in error["loc"]]
    key = keys[0] if keys else ""
    at = next((found.line for found, _ in table.entries if found.value == key), line)
    written = table.get(key)
    shown = f" '{written.value[:60]}'" if isinstance(written, YamlText) else ""
    if error["type"] == "extra_forbidden":
        return at, f"{model.kind}: unknown key '{key[:60]}'", did_you_mean(key, _names(model), _one_of(model))
    if error["type"] == "missing":
        return line, f"{model.kind}: {key} is missing", f"{key}: {_example_of(model, key)}"
    what, _, cure = error["msg"].removeprefix("Value error, ").partition("|")
    if error["type"] == "value_error":
        return at, f"{model.kind}: {key}: {what}" if key else f"{model.kind}: {what}", cure
    return at, f"{model.kind}: {key}{shown} does not fit: {what[:1].lower()}{what[1:]}", _cure(model, key)


def _names(model: type[Step]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _one_of(model: type[Step]) -> str:
    names = _names(model)
    return f"one of {', '.join(names)}" if names else "{}, it has no keys"


def _example_of(model: type[Step], key: str) -> str:
    field = next((f for name, f in model.model_fields.items() if (f.alias or name) == key), None)
    return str(field.examples[0]) if field is not None and field.examples else "..."


def _cure(model: type[Step], key: str) -> str:
    field = next((f for name, f in model.model_fields.items() if (f.alias or name) == key), None)
    if field is None:
        return _one_of(model)
    if field.examples:
        return f"{key}: {field.examples[0]}"
    if isinstance(field.default, bool):
        return "true or false"
    return f"e.g. {key}: {field.default:g}" if isinstance(field.default, float) else f"e.g. {key}: {field.default}"


def _example(model: type[Step]) -> str:
    needed: Iterable[str] = (field.alias or name for name, field in model.model_fields.items() if field.is_required())
    return "{" + ", ".join(f"{key}: {_example_of(model, key)}" for key in needed) + "}"
