"""In which order the members of a group are tried, where chance decides (rows S-30, S-31)."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random


def weighted_order(members: Iterable[tuple[str, int]], random: Random) -> tuple[str, ...]:
    """Draw an order: weighted sampling without replacement.

    A member of weight 4 is four times as likely to be first as one of weight 1. Members of weight 0 come last, in the
    order of the list; where all weights are 0, all are equal.

    Args:
        members: name and weight, 0 or more.
        random: decides.
    """
    listed = list(members)
    if not any(weight for _, weight in listed):
        listed = [(name, 1) for name, _ in listed]
    left = [(name, weight) for name, weight in listed if weight]
    drawn = []
    while left:
        (chosen,) = random.choices(left, weights=[weight for _, weight in left])
        left.remove(chosen)
        drawn.append(chosen[0])
    return (*drawn, *(name for name, weight in listed if not weight))
