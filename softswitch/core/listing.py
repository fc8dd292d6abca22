"""Tables of who is to be told of what, by type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

ValueT = TypeVar("ValueT")


def enlist(table: dict[type, tuple[ValueT, ...]], kinds: Iterable[type], value: ValueT) -> None:
    """Append a value to what a table has for each of these types; a type that comes twice counts once.

    A brain that starts makes a hundred such entries, nearly all of them the first of their type.
    """
    added: dict[type, tuple[ValueT, ...]] = dict.fromkeys(kinds, (value,))
    for kind in table.keys() & added.keys():
        added[kind] = (*table[kind], value)
    table.update(added)
