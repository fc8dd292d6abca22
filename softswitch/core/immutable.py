"""``@immutable``: a small immutable record that is cheap to make.

It is a struct of msgspec: C code makes it in a third of the time that a dataclass takes, compares it, and writes it as
the array of its fields; a call makes over a hundred of them. To :mod:`dataclasses` it is a dataclass all the same, so
``fields``, ``replace``, ``astuple`` and ``asdict`` take it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final, TypeVar, dataclass_transform

import msgspec

ValueT = TypeVar("ValueT")

_MADE_ANEW: Final = {"__annotations__", "__dict__", "__match_args__", "__module__", "__replace__", "__weakref__"}
"""Attributes that a class has of its own, and a struct of its own as well."""


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def immutable(cls: type[ValueT]) -> type[ValueT]:
    """Make a record of a class's annotated fields, with equality and a hash, whose fields nobody may change.

    The class may have methods and properties, but no base.
    """
    fields = dataclasses.fields(dataclasses.dataclass(init=False, repr=False, eq=False)(cls))  # type: ignore[arg-type]
    names = {field.name for field in fields}
    namespace = {name: value for name, value in vars(cls).items() if name not in names and name not in _MADE_ANEW}
    if not all(field.repr for field in fields):
        namespace["__repr__"] = _repr_of([field.name for field in fields if field.repr])
    made: Any = msgspec.defstruct(
        cls.__name__,
        [(field.name, Any, *_default_of(field)) for field in fields],
        module=cls.__module__,
        namespace=namespace,
        frozen=True,
        array_like=True,
    )
    made.__qualname__ = cls.__qualname__
    struct: type[ValueT] = made
    return struct


def _default_of(field: dataclasses.Field[Any]) -> tuple[Any, ...]:
    if field.default_factory is not dataclasses.MISSING:
        return (msgspec.field(default_factory=field.default_factory),)
    return () if field.default is dataclasses.MISSING else (field.default,)


def _repr_of(names: list[str]) -> Callable[[object], str]:
    """Return what shows these fields, and not those that are secret."""

    def shown(made: object) -> str:
        return f"{type(made).__name__}({', '.join(f'{name}={getattr(made, name)!r}' for name in names)})"

    return shown
