"""Counters of a day: how many calls there were, of all callers or of each. A fold of facts that outlives the calls."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.core.facts import Record
from softswitch.scenario.facts import Counted


class Counters:
    """The counters of the last two days that were counted on; older ones are forgotten."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[str, int]] = {}
        self._newest = ""

    def of(self, name: str, key: str, day: str) -> int:
        """Return how far a counter has come on a day."""
        counted_on, count = self._counts.get((name, key), ("", 0))
        return count if counted_on == day else 0

    def apply(self, record: Record) -> None:
        """Fold one record. One that is folded a second time, or too late, changes nothing."""
        made = record.fact
        if type(made) is not Counted:
            return
        place = made.name, made.key
        self._counts[place] = max(self._counts.get(place, ("", 0)), (made.day, made.count))
        if made.day > self._newest:
            self._counts = {place: value for place, value in self._counts.items() if value[0] >= self._newest}
            self._newest = made.day

    def values(self) -> tuple[tuple[str, str, str, int], ...]:
        """Return everything, for a snapshot."""
        return tuple((*place, *value) for place, value in self._counts.items())

    def restore(self, values: Iterable[tuple[str, str, str, int]]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        for name, key, day, count in values:
            self._counts[name, key] = day, count
            self._newest = max(self._newest, day)
