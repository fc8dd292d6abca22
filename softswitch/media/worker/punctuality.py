"""How late ticks begin, counted in steps, so that anybody can say how many of them were later than so much."""

from __future__ import annotations

from bisect import bisect_left

from softswitch.media.worker_health import LATENESS_STEPS_MS


class Punctuality:
    """Counts the ticks of one worker since its start.

    Attributes:
        counts: by step of :data:`softswitch.media.worker_health.LATENESS_STEPS_MS`, the ticks that were no later and
            later than the step before; behind them those that were later than all.
    """

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENESS_STEPS_MS) + 1)

    def note(self, late_s: float, *, missed: int = 0, period_s: float = 0.0) -> None:
        """Count a tick.

        Args:
            late_s: how much after its time it began.
            missed: how many ticks before it were not made: what they should have done was done by this one.
            period_s: from the time of one to that of the next.
        """
        for place in range(missed + 1):
            self.counts[bisect_left(LATENESS_STEPS_MS, 1000 * (late_s + place * period_s))] += 1
