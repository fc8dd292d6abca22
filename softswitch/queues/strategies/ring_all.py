"""Ring all (C-3)."""

from __future__ import annotations

from softswitch.queues.strategies.base import EVERYBODY, Candidate


class RingAll:
    """All free agents ring at once; the first who answers has the call."""

    at_once = EVERYBODY
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return nothing: all are rung."""
        return ()
