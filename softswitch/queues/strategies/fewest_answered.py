"""Fewest answered (C-8)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class FewestAnswered:
    """Who has answered the fewest calls today."""

    at_once = 1
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return how many calls the agent has answered."""
        return (candidate.answered,)
