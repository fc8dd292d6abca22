"""Deadlines by name: set again and again, kept in a heap, looked at only when the first is due."""

from __future__ import annotations

import heapq

from softswitch.core.alarm import Alarm


class Deadlines:
    """One deadline a name, in monotonic seconds. A changed or dropped one stays in the heap until it surfaces.

    Args:
        alarm: is told of each.
    """

    __slots__ = ("_alarm", "_current", "_heap")

    def __init__(self, alarm: Alarm | None = None) -> None:
        self._alarm = alarm or Alarm()
        self._current: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def set(self, name: str, deadline_s: float | None) -> None:
        """Set, move or (None) drop the deadline of ``name``."""
        if deadline_s is None:
            self._current.pop(name, None)
        elif self._current.get(name) != deadline_s:
            self._current[name] = deadline_s
            heapq.heappush(self._heap, (deadline_s, name))
            self._alarm.no_later(deadline_s)

    def next(self) -> float | None:
        """Return the earliest deadline, or None."""
        heap = self._heap
        while heap and self._current.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def first_due(self, now: float) -> str | None:
        """Return and drop the name whose deadline came first; None where none has come."""
        first = self.next()
        if first is None or first > now:
            return None
        name = heapq.heappop(self._heap)[1]
        del self._current[name]
        return name

    def due(self, now: float) -> list[str]:
        """Return and drop the names whose deadline has come."""
        return list(iter(lambda: self.first_due(now), None))

    def __len__(self) -> int:
        return len(self._current)
