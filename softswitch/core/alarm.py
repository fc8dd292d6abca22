"""The one time at which somebody has to look again, which whoever has a deadline moves forward."""

from __future__ import annotations

import math


class Alarm:
    """The earliest of many deadlines, or earlier: a deadline that is dropped leaves it where it is.

    So it costs one comparison where a deadline is set, and nothing where one is dropped, as most are. Whoever wakes up
    too early asks those who have deadlines, and sets it anew.

    Attributes:
        at_s: monotonic seconds; infinite where there is nothing to wait for.
    """

    __slots__ = ("at_s",)

    def __init__(self) -> None:
        self.at_s = math.inf

    def no_later(self, moment_s: float) -> None:
        """See that somebody looks by then."""
        if moment_s < self.at_s:
            self.at_s = moment_s
