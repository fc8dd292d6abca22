"""Tables of who is to be told of what, by type.

A brain that starts makes some of them, and one that is made for a test makes the same ones as that of the test before:
so they hold places in a list of listeners, not the listeners, and are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

Kinds = tuple[frozenset[type], ...]
"""The types that each of several listeners wants to be told of."""


@lru_cache(maxsize=64)
def places_by_type(kinds: Kinds) -> Mapping[type, tuple[int, ...]]:
    """Return for each type who wants to be told of it, in their order, counted from 0."""
    return {
        kind: tuple(place for place, wanted in enumerate(kinds) if kind in wanted)
        for wanted_by_any in kinds
        for kind in wanted_by_any
    }


@lru_cache(maxsize=64)
def types_in(kinds: Kinds) -> frozenset[type]:
    """Return the types that anybody wants to be told of."""
    return frozenset().union(*kinds)
