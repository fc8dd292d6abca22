"""The strategies by the names that site files use."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Final

from softswitch.queues.strategies.base import Strategy
from softswitch.queues.strategies.by_priority import ByPriority
from softswitch.queues.strategies.fewest_answered import FewestAnswered
from softswitch.queues.strategies.foreign import Foreign
from softswitch.queues.strategies.least_talk_time import LeastTalkTime
from softswitch.queues.strategies.longest_idle import LongestIdle
from softswitch.queues.strategies.random_choice import RandomChoice
from softswitch.queues.strategies.ring_all import RingAll
from softswitch.queues.strategies.round_robin import RoundRobin
from softswitch.queues.strategies.three_by_priority import ThreeByPriority
from softswitch.queues.strategies.three_random import ThreeRandom

SHIPPED: Final[dict[str, Strategy]] = {
    "random": RandomChoice(),
    "ring_all": RingAll(),
    "priority": ByPriority(),
    "round_robin": RoundRobin(),
    "longest_idle": LongestIdle(),
    "least_talk_time": LeastTalkTime(),
    "fewest_answered": FewestAnswered(),
    "three_random": ThreeRandom(),
    "three_by_priority": ThreeByPriority(),
}
"""Exactly these nine come with the program (C-11)."""

GROUP: Final = "softswitch.strategies"


def names() -> tuple[str, ...]:
    """Return all that there are: the shipped ones, then those of other packages."""
    return *SHIPPED, *sorted({point.name for point in entry_points(group=GROUP)} - SHIPPED.keys())


def load(name: str) -> Strategy:
    """Make a strategy that another package brings.

    Raises:
        KeyError: there is none of that name.
        Exception: whatever its module or its class raises.
    """
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise KeyError(name)
    return Foreign(name, found.load()())


@cache
def strategy(name: str) -> Strategy:
    """Return a strategy by its name.

    One that was there when the site was loaded and is not any more, or that cannot be made, is ``longest_idle``:
    a caller who waits is given to somebody.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    try:
        return load(name)
    except Exception:  # any: it is not our code
        return SHIPPED["longest_idle"]
