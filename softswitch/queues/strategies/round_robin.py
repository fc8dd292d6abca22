"""Round robin (C-5)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class RoundRobin:
    """Who comes in the list after the one who served last."""

    at_once = 1
    draws = False

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return how far behind the last one the agent stands."""
        return (candidate.turn,)
