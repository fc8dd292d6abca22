from __future__ import annotations

from softswitch.core.listing import places_by_type, types_in


def test_those_who_want_a_type_stand_in_the_order_in_which_they_came() -> None:
    kinds = (frozenset({int, str}), frozenset({str, float}), frozenset({str}))
    assert places_by_type(kinds) == {int: (0,), str: (0, 1, 2), float: (1,)}
    assert types_in(kinds) == {int, str, float}


def test_nobody_wants_nothing() -> None:
    assert places_by_type(()) == {}
    assert types_in(()) == frozenset()
