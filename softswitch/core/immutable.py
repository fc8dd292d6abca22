"""``@immutable``: a small immutable record that is cheap to make.

The type checker forbids to change one; at run time nothing does, because the constructor of a dataclass that is frozen
at run time costs three and a half times as much, and a call makes over a hundred of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

ValueT = TypeVar("ValueT")


@dataclass_transform(frozen_default=True)
def immutable(cls: type[ValueT]) -> type[ValueT]:
    """Make a dataclass with slots, equality and a hash, whose fields nobody may change."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
