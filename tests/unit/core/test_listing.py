from __future__ import annotations

from softswitch.core.listing import enlist


def test_values_of_a_type_stand_in_the_order_in_which_they_came_and_each_once() -> None:
    table: dict[type, tuple[str, ...]] = {}
    enlist(table, (int, str, int), "first")
    enlist(table, {str, float}, "second")
    enlist(table, (str,), "third")
    assert table == {int: ("first",), str: ("first", "second", "third"), float: ("second",)}
