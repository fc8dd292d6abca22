"""The clock of the simulation: monotonic time is the loop's, wall time starts where it is told and can be stepped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

START_WALL_S: Final = 1_795_341_600.0
"""2026-11-22T10:00:00Z, a Sunday: where the simulation's wall clock starts unless told otherwise."""


class VirtualClock:
    """Both faces of virtual time.

    Args:
        loop: whose time is the monotonic one.
        start_wall_s: seconds since 1970-01-01 UTC at the loop's present time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, start_wall_s: float = START_WALL_S) -> None:
        self._loop = loop
        self.monotonic: Callable[[], float] = loop.time
        """Returns the loop's time in seconds."""
        self._offset_s = start_wall_s - loop.time()

    def wall(self) -> float:
        """Return seconds since 1970-01-01 UTC."""
        return self._loop.time() + self._offset_s

    def step_wall(self, by_s: float) -> None:
        """Set the wall clock forward or back, as an administrator would; monotonic time does not notice."""
        self._offset_s += by_s
