"""What errands come to, as pure functions: what is taken out of an answer, and what an errand's end looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from softswitch.scenario.errands import ErrandOver

LONGEST_VALUE: Final = 1000
"""Characters that one variable may take of an answer."""


def over_from_answer(status: int, body: bytes, into: Mapping[str, str]) -> ErrandOver:
    """Return what a request came to.

    Args:
        status: of the response.
        body: its octets; JSON where anything is to be taken out of it.
        into: name of each value to its place in the body: ``customer.phones.0``.
    """
    if not 200 <= status < 300:
        return ErrandOver(False, f"status {status}", {})
    if not into:
        return ErrandOver(True, "done", {})
    try:
        document = json.loads(body)
    except ValueError:
        return ErrandOver(False, "the answer is not JSON", {})
    found = {name: taken(document, place) for name, place in into.items()}
    return ErrandOver(True, "done", {name: value for name, value in found.items() if value is not None})


def taken(document: object, place: str) -> str | None:
    """Return a value of a JSON document as text, or None where there is none at that place."""
    for part in place.split("."):
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    if document is None:
        return None
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return text[:LONGEST_VALUE]
