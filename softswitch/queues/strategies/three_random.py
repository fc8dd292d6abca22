"""Three at a time, by chance (C-9)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class ThreeRandom:
    """Three ring at once, chosen by chance; no answer: three others."""

    at_once = 3
    draws = True

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return the drawn number."""
        return (candidate.drawn,)
