"""When the brain has to look again at something: deadlines in wall time, as facts carry them, by kind and subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from softswitch.app.deadlines import Deadlines
from softswitch.core.clock import Clock, deadline_of_wall


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
        self._served: dict[str, Callable[[str], None]] = {}

    def serve(self, kind: str, handler: Callable[[str], None]) -> None:
        """Have deadlines of a kind, one word, told to a handler, which gets the subject."""
        self._served[kind] = handler

    def arm(self, kind: str, subject: str, wall_s: float | None) -> None:
        """Set, move or (None) drop a deadline."""
        self._deadlines.set(f"{kind} {subject}", None if wall_s is None else deadline_of_wall(self._clock, wall_s))

    def handle_timer(self, *, now: float) -> None:
        """Tell of what is due."""
        for name in self._deadlines.due(now):
            kind, _, subject = name.partition(" ")
            self._served[kind](subject)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        return self._deadlines.next()
