"""Prioritised hunt (C-4)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class ByPriority:
    """In the order of the list, always from the top."""

    at_once = 1
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return the priority of the member."""
        return (candidate.priority,)
