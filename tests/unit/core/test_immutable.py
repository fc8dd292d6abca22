"""Immutable records: what C code makes of them is what a dataclass would be."""

from __future__ import annotations

import dataclasses
from dataclasses import field

import pytest

from softswitch.core.immutable import immutable


@immutable
class Point:
    """Somewhere."""

    x: int
    y: int = 0
    seen: list[int] = field(default_factory=list)

    @property
    def far(self) -> bool:
        return self.x + self.y > 10

    def moved(self, by: int) -> Point:
        return dataclasses.replace(self, x=self.x + by)


@immutable
class Lock:
    door: str
    key: str = field(repr=False, default="")


def test_fields_are_given_by_place_or_name_and_have_their_defaults() -> None:
    assert Point(1) == Point(x=1, y=0, seen=[])
    assert Point(1).seen is not Point(1).seen
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, z=2)  # type: ignore[call-arg]


def test_nobody_changes_a_field() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Point(1).other = 2  # type: ignore[attr-defined]


def test_equal_values_of_one_class_are_equal_and_those_of_another_are_not() -> None:
    assert len({Lock("a", "1"), Lock("a", "1"), Lock("a", "2")}) == 2
    other: object = ("a", "1")
    assert Lock("a", "1") != other


def test_methods_properties_and_the_description_are_kept() -> None:
    assert Point(9, 3).far
    assert Point(1).moved(4) == Point(5)
    assert (Point.__doc__, Point.__module__, Point.__qualname__) == ("Somewhere.", __name__, "Point")


def test_what_is_secret_is_not_shown() -> None:
    assert repr(Lock("front", "1234")) == "Lock(door='front')"
    assert repr(Point(1)) == "Point(x=1, y=0, seen=[])"


def test_to_the_dataclasses_module_it_is_one() -> None:
    assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "seen"]
    assert dataclasses.astuple(Point(1, 2)) == (1, 2, [])
    assert dataclasses.asdict(Lock("a", "b")) == {"door": "a", "key": "b"}
    assert dataclasses.is_dataclass(Point)
