"""The clock with two faces: monotonic for deadlines, wall for what people read.

Deadlines run on monotonic time, which no administrator can set; facts carry wall time, which means something after
a restart. A deadline is stored as wall time and converted once, at start, so that a clock step fires nothing twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Both faces of time, in seconds."""

    def monotonic(self) -> float:
        """Seconds that only grow, since an arbitrary start."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...


def deadline_of_wall(clock: Clock, wall_s: float) -> float:
    """Turn a stored wall-clock deadline into a monotonic one; one that has passed becomes now."""
    return clock.monotonic() + max(0.0, wall_s - clock.wall())


def wall_of_deadline(clock: Clock, deadline_s: float) -> float:
    """Turn a monotonic deadline into the wall-clock time that a fact may carry."""
    return clock.wall() + deadline_s - clock.monotonic()


def iso_utc(wall_s: float) -> str:
    """Write wall-clock seconds as ISO 8601 in UTC with milliseconds, e.g. ``2026-11-22T10:00:00.000Z``."""
    second, millisecond = divmod(int(wall_s * 1000), 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=64)
def _second(wall_s: int) -> str:
    """Write whole seconds; those of one batch of rows are mostly the same few."""
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
