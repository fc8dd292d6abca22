"""Longest idle (C-6)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class LongestIdle:
    """Who has been without a call from a queue for the longest time."""

    at_once = 1
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return since when the agent is idle."""
        return (candidate.idle_since_s,)
