"""Weighted sampling without replacement."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.queues.groups.order import weighted_order

members = st.lists(
    st.tuples(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 9)), max_size=8, unique_by=lambda m: m[0]
)


@given(members, st.integers(0, 2**32))
def test_everybody_stands_in_the_order_once_and_weight_0_last(listed: list[tuple[str, int]], seed: int) -> None:
    order = weighted_order(listed, Random(seed))
    assert sorted(order) == sorted(name for name, _ in listed)
    assert order == weighted_order(listed, Random(seed))
    zeros = [name for name, weight in listed if not weight]
    if len(zeros) < len(listed):
        assert list(order[len(listed) - len(zeros) :]) == zeros


@pytest.mark.row("S-31")
def test_four_times_the_weight_is_first_four_times_as_often_within_a_percentage_point() -> None:
    listed = [("anna", 4), ("boris", 1), ("vera", 1), ("gleb", 1), ("dora", 0)]
    runs = 20_000
    first = Counter(weighted_order(listed, Random(seed))[0] for seed in range(runs))
    assert first["anna"] / runs == pytest.approx(4 / 7, abs=0.01)
    for other in ("boris", "vera", "gleb"):
        assert first[other] / runs == pytest.approx(1 / 7, abs=0.01)
    assert not first["dora"]


def test_with_all_weights_0_all_are_equal() -> None:
    listed = [("anna", 0), ("boris", 0)]
    first = Counter(weighted_order(listed, Random(seed))[0] for seed in range(2000))
    assert first["anna"] / 2000 == pytest.approx(0.5, abs=0.04)
