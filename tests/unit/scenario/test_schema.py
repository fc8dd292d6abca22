"""The published JSON Schema knows every step with all its keys, and the example files fit it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from softswitch.cli.main import build
from softswitch.scenario.registry import KINDS
from softswitch.scenario.schema import json_schema

EXAMPLES = sorted((Path(__file__).parents[3] / "scenarios").glob("*/scenarios/*.yaml"))
SCENARIOS = [file for file in EXAMPLES if not file.stem.endswith(".tests")]


def test_every_kind_has_its_keys_as_they_are_written_in_files() -> None:
    schema = json_schema()
    kinds = {key for one in schema["$defs"]["step"]["oneOf"] for key in one["properties"]}
    assert kinds == set(KINDS)
    assert set(schema["$defs"]["when"]["properties"]) >= {"days", "from", "to", "steps", "not_holidays"}
    assert set(schema["$defs"]["if"]["required"]) == {"steps"}
    assert schema["$defs"]["menu"]["properties"]["keys"]["additionalProperties"] == {
        "type": "array",
        "items": {"$ref": "#/$defs/step"},
    }


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    found = set(references(schema))
    assert found
    assert all(ref.removeprefix("#/$defs/") in schema["$defs"] for ref in found)


TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def misfits(value: object, schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[str]:
    """Check the part of JSON Schema that the schema uses: types, properties, items, references, alternatives."""
    if "$ref" in schema:
        yield from misfits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where)
        return
    for word in ("oneOf", "anyOf"):
        if word in schema and all(list(misfits(value, one, root, where)) for one in schema[word]):
            yield f"{where}: none of {word}"
    wanted = schema.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if names and not any(isinstance(value, TYPES[name]) for name in names):
        yield f"{where}: {value!r} is no {wanted}"
    if isinstance(value, dict):
        yield from misfits_in(value, schema, root, where)
    if isinstance(value, list) and "items" in schema:
        for place, each in enumerate(value):
            yield from misfits(each, schema["items"], root, f"{where}[{place}]")


def misfits_in(table: dict[str, object], schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{where}: {key} is missing" for key in schema.get("required", []) if key not in table)
    for key, each in table.items():
        if key in known:
            yield from misfits(each, known[key], root, f"{where}.{key}")
        elif more is False:
            yield f"{where}: {key} is unknown"
        elif isinstance(more, dict):
            yield from misfits(each, more, root, f"{where}.{key}")


@pytest.mark.parametrize("file", SCENARIOS, ids=[f"{file.parts[-3]}/{file.stem}" for file in SCENARIOS])
def test_every_example_fits_the_schema(file: Path) -> None:
    schema = json_schema()
    document = yaml.safe_load(file.read_text())
    assert list(misfits(document, schema, schema, file.name)) == []


def test_what_is_wrong_does_not_fit_the_schema() -> None:
    schema = json_schema()
    wrong = {"name": "main", "steps": [{"employe": {"name": "anna"}}, {"menu": {"keys": {"1": [{"play": {}}]}}}]}
    assert len(list(misfits(wrong, schema, schema, "x"))) == 2


def test_the_command_prints_the_schema() -> None:
    done = CliRunner().invoke(build(["status", "scenario"]), ["scenario", "schema"])
    assert done.exit_code == 0
    assert json.loads(done.output) == json_schema()
