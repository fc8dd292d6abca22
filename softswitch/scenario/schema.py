"""The JSON Schema of scenario files, by which editors complete keys and mark what is wrong while one writes."""

from __future__ import annotations

from typing import Any

from softswitch.scenario.model import STEP_HERE, Step
from softswitch.scenario.registry import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema: a scenario is a name and steps, a step a table with one key, its kind."""
    definitions: dict[str, Any] = {}
    alternatives = []
    for kind, model in KINDS.items():
        definitions[kind] = _described(model, definitions)
        alternatives.append(
            {
                "type": "object",
                "properties": {kind: {"$ref": f"#/$defs/{kind}"}},
                "required": [kind],
                "additionalProperties": False,
            }
        )
    definitions["step"] = {"oneOf": alternatives}
    return {
        "$schema": DIALECT,
        "title": "A scenario of softswitch",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "By which numbers and other scenarios name it."},
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1},
        },
        "required": ["name", "steps"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _described(model: type[Step], definitions: dict[str, Any]) -> Any:  # noqa: ANN401  # a JSON document
    """Return the schema of one kind; what it shares with others goes into ``definitions``."""
    found = model.model_json_schema(by_alias=True)
    definitions.update(found.pop("$defs", {}))
    found.pop("title", None)
    return _referring(found if model.model_fields else {**found, "type": ["object", "null"]})


def _referring(node: Any) -> Any:  # noqa: ANN401  # any JSON document
    """Put references to the one definition of a step where any step may stand."""
    if isinstance(node, dict):
        return {"$ref": "#/$defs/step"} if STEP_HERE in node else {k: _referring(v) for k, v in node.items()}
    return [_referring(each) for each in node] if isinstance(node, list) else node
