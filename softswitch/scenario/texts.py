"""Texts with variables in them: ``{caller}`` stands for the caller's number, ``{account}`` for what a step has set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

LANGUAGE: Final = "language"
"""The variable that says in which folder audio files are looked for first."""

GIVEN: Final[Mapping[str, str]] = {
    "caller": "the caller's number",
    "caller_name": "the name that the caller's phone tells",
    "called": "the number that was dialled",
    "user": "the name of the user who calls, empty for somebody outside",
    "conversation": "the call's id",
    LANGUAGE: "what the step language has set",
}
"""The variables that every call has."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def filled(written: str, variables: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
    """Return a text with the values of its variables; one that has none is an empty text.

    Args:
        written: what stands in the file.
        variables: the values.
        quote: what is done to each value, e.g. for a URL.
    """
    return _PLACE.sub(lambda found: quote(variables.get(found[1], "")), written)


def variables_in(written: str) -> Iterator[str]:
    """Give the names of the variables in a text."""
    return (found[1] for found in _PLACE.finditer(written))
