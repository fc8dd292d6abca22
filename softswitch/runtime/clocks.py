"""The real clock; everything else takes its time from :class:`softswitch.core.clock.Clock`."""

from __future__ import annotations

import time


class SystemClock:
    """The operating system's two clocks, in seconds."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds that only grow; the same clock that asyncio's and uvloop's timers run on."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()
