"""Least talk time (C-7)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class LeastTalkTime:
    """Who has talked least today."""

    at_once = 1
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return how long the agent has talked."""
        return (candidate.talk_s,)
