"""When the brain has to look again at something: deadlines in wall time, as facts carry them, by kind and subject."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

from softswitch.app.deadlines import Deadlines
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock, deadline_of_wall

MOST_A_TURN: Final = 20
"""A thousand conversations whose time is over together, because a worker died, take seconds to end."""


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
        alarm: is told of each deadline.
    """

    def __init__(self, clock: Clock, alarm: Alarm | None = None) -> None:
        self._clock = clock
        self._deadlines = Deadlines(alarm)
        self._asleep_until_s = -math.inf
        self._served: dict[str, Callable[[str], None]] = {}

    def serve(self, kind: str, handler: Callable[[str], None]) -> None:
        """Have deadlines of a kind, one word, told to a handler, which gets the subject."""
        self._served[kind] = handler

    def arm(self, kind: str, subject: str, wall_s: float | None) -> None:
        """Set, move or (None) drop a deadline."""
        self._deadlines.set(f"{kind} {subject}", None if wall_s is None else deadline_of_wall(self._clock, wall_s))

    def sleep_until(self, until_s: float) -> None:
        """Tell of nothing before a moment, in monotonic seconds; what is due by then is told then."""
        self._asleep_until_s = until_s

    def handle_timer(self, *, now: float) -> None:
        """Tell of what is due; where that is much, the rest comes in turns of its own, and phones are heard between.

        One after the other: what is told of one may move or drop another that is due as well.
        """
        if now < self._asleep_until_s:
            return
        for _ in range(MOST_A_TURN):
            name = self._deadlines.first_due(now)
            if name is None:
                return
            kind, _, subject = name.partition(" ")
            self._served[kind](subject)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        found = self._deadlines.next()
        return None if found is None else max(found, self._asleep_until_s)
