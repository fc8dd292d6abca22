"""What has changed of a dialog, told by a fact and made again from it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls.dialog_values import changed_values, dialog_change
from softswitch.calls.facts import DialogChanged

_VALUES = st.lists(
    st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3), st.binary(max_size=2), st.tuples(st.integers(0, 2))),
    min_size=1,
    max_size=8,
).map(tuple)


@given(_VALUES, st.lists(_VALUES, max_size=4))
def test_the_last_values_are_what_all_changes_together_make(
    first: tuple[Any, ...], later: list[tuple[Any, ...]]
) -> None:
    values: tuple[Any, ...] = ()
    for now in (first, *later):
        values = changed_values(values, dialog_change("c1.1", values, now))
        assert values == now


def test_only_what_has_changed_is_told() -> None:
    assert dialog_change("c1.1", (), ("a", 1, b"")) == DialogChanged("c1.1", ("a", 1, b""))
    assert dialog_change("c1.1", ("a", 1, b"", None), ("a", 2, b"", ())) == DialogChanged("c1.1", (2, ()), (1, 3))


def test_values_of_another_version_of_the_program_are_told_whole() -> None:
    assert dialog_change("c1.1", ("a", 1), ("a", 1, b"")) == DialogChanged("c1.1", ("a", 1, b""))


def test_nothing_that_has_changed_leaves_all_as_it_was() -> None:
    assert changed_values(("a", 1), dialog_change("c1.1", ("a", 1), ("a", 1))) == ("a", 1)


def test_a_change_of_what_was_lost_gives_no_half_of_a_dialog() -> None:
    assert changed_values((), DialogChanged("c1.1", (2,), (1,))) == ()
    assert changed_values(("a",), DialogChanged("c1.1", (2,), (1,))) == ()
