"""When the brain has to look again at something: deadlines in wall time, as facts carry them, by kind and subject."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

from softswitch.app.deadlines import Deadlines
from softswitch.core.clock import Clock, deadline_of_wall

EXCUSE_S: Final = 3.0
"""What became due while nobody was there waits so long: workers and phones first tell what has happened meanwhile."""


class Timed(Protocol):
    """Who does something by itself when its time has come."""

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        ...

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        ...


class WakeUps:
    """Deadlines of the brain's parts.

    Args:
        clock: converts wall time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deadlines = Deadlines()
        self._came_s = -math.inf
        self._served: dict[str, Callable[[str], None]] = {}

    def serve(self, kind: str, handler: Callable[[str], None]) -> None:
        """Have deadlines of a kind, one word, told to a handler, which gets the subject."""
        self._served[kind] = handler

    def arm(self, kind: str, subject: str, wall_s: float | None) -> None:
        """Set, move or (None) drop a deadline."""
        deadline_s = None if wall_s is None else deadline_of_wall(self._clock, wall_s)
        if deadline_s is not None and deadline_s < self._came_s:
            deadline_s = self._came_s + EXCUSE_S
        self._deadlines.set(f"{kind} {subject}", deadline_s)

    def excuse(self, now: float) -> None:
        """Note that nobody was there before ``now`` (monotonic) to look at what was due."""
        self._came_s = now

    def handle_timer(self, *, now: float) -> None:
        """Tell of what is due."""
        for name in self._deadlines.due(now):
            kind, _, subject = name.partition(" ")
            self._served[kind](subject)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        return self._deadlines.next()
