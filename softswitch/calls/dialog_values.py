"""What a restarted brain must know of a dialog, told by what has changed: a call's dialogs change five times."""

from __future__ import annotations

from itertools import compress, count
from operator import ne
from typing import Any

from softswitch.calls.facts import DialogChanged


def dialog_change(leg: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> DialogChanged:
    """Return the fact that makes of the values before those of now; these may be a named tuple."""
    if len(before) != len(now):  # there are none yet, or they are of another version of the program
        return DialogChanged(leg, tuple(now))
    changed = tuple(map(ne, before, now))
    return DialogChanged(leg, tuple(compress(now, changed)), tuple(compress(count(), changed)))


def changed_values(before: tuple[Any, ...], fact: DialogChanged) -> tuple[Any, ...]:
    """Return the values after a change; those that it does not name stay.

    Where facts are missing there may be none to change: then there are none afterwards.
    """
    if not fact.places:
        return fact.values or before
    if len(before) <= fact.places[-1]:
        return ()
    values = list(before)
    for place, value in zip(fact.places, fact.values, strict=True):
        values[place] = value
    return tuple(values)
