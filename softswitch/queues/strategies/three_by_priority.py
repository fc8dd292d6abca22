"""Three at a time, in the order of priority (C-10)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class ThreeByPriority:
    """The first three of the list ring at once; no answer: the next three."""

    at_once = 3
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return the priority of the member."""
        return (candidate.priority,)
