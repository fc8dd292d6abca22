"""How late ticks begin, counted in steps, so that anybody can say how many of them were later than so much."""

from __future__ import annotations

from bisect import bisect_left

from softswitch.media.engine import LATENESS_STEPS_MS


class Punctuality:
    """Counts the ticks of one worker since its start.

    Attributes:
        counts: by step of :data:`softswitch.media.engine.LATENESS_STEPS_MS`, the ticks that were no later and later
            than the step before; behind them those that were later than all.
    """

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENESS_STEPS_MS) + 1)

    def note(self, late_s: float) -> None:
        """Count a tick that began so much after its time."""
        self.counts[bisect_left(LATENESS_STEPS_MS, 1000 * late_s)] += 1
