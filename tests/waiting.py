"""Waiting for what comes: for a condition, with a deadline that only a failure meets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 180.0
"""However slow or busy a machine is, what has not come by then does not come."""

FoundT = TypeVar("FoundT")


def until(
    found: Callable[[], FoundT],
    told: Callable[[], object] = lambda: "it never came to that",
    *,
    patience_s: float = PATIENCE_S,
    pause_s: float = 0.05,
) -> FoundT:
    """Ask again and again until the answer is true; return it.

    Args:
        found: the question.
        told: what a failure shows.
        patience_s: how long to ask.
        pause_s: between two questions.
    """
    deadline = time.monotonic() + patience_s
    while not (answer := found()):
        assert time.monotonic() < deadline, told()
        time.sleep(pause_s)
    return answer
