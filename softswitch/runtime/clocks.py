"""The real clock; everything else takes its time from :class:`softswitch.core.clock.Clock`."""

from __future__ import annotations

import time


class SystemClock:
    """The operating system's two clocks, in seconds."""

    __slots__ = ()

    # The system's functions themselves: a call of ours around them would cost more than they do.
    monotonic = staticmethod(time.monotonic)
    """Seconds that only grow; the same clock that asyncio's and uvloop's timers run on."""
    wall = staticmethod(time.time)
    """Seconds since 1970-01-01 UTC."""
