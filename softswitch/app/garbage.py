"""Garbage collection that never stops a call: old objects are only looked at in idle gaps.

A full collection of a large heap takes hundreds of milliseconds. What a start leaves behind is frozen out of it; the
youngest goes on by itself where there is never a gap, and then takes some milliseconds, mostly in the middle of a call;
a short gap is enough for a part of it. The old one waits for a longer gap.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

GAP_S: Final = 0.05
"""So long nothing has happened: then something is not likely to happen within the next collection either."""
SHORT_GAP_S: Final = 0.01
"""After so long some of the youngest are looked at, which takes a millisecond."""
SOME: Final = 2_000
"""So many of them."""
OLD_COLLECTIONS: Final = 5
"""Collections of the middle generation after which a full one is worth its time."""
YOUNG: Final = 10_000
"""Objects more than before at which the youngest are looked at. What a call needs is let go of without that, a moment
after the call: looked at every seven hundred, as Python does by itself, nearly all of it would be found alive."""
_NEVER: Final = 1_000_000_000


def freeze(young: int = YOUNG) -> None:
    """Put aside everything that lives now, and end automatic full collections.

    Args:
        young: objects more than before at which the youngest are looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, gc.get_threshold()[1], _NEVER)


@contextmanager
def unhindered() -> Iterator[None]:
    """Let a start make its many objects without being searched for garbage over and over."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class IdleCollector:
    """Collects when :meth:`look` finds a gap."""

    __slots__ = ("_last_turn_s", "longest_s")

    def __init__(self) -> None:
        self._last_turn_s = 0.0
        self.longest_s = 0.0
        """The longest full collection so far."""

    def turn_ended(self, now: float) -> None:
        """Note that something has just happened."""
        self._last_turn_s = now

    def look(self, now: float) -> bool:
        """Collect where there is a gap and something to collect; tell whether everything was looked at."""
        young, _, old = gc.get_count()
        if now - self._last_turn_s < GAP_S or old < OLD_COLLECTIONS:
            if now - self._last_turn_s >= SHORT_GAP_S and young >= SOME:
                gc.collect(0)
            return False
        start = time.perf_counter()
        gc.collect()
        self.longest_s = max(self.longest_s, time.perf_counter() - start)
        return True
