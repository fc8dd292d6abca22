"""Random choice (C-2)."""

from __future__ import annotations

from softswitch.queues.strategies.base import Candidate


class RandomChoice:
    """Each free agent is as likely as any other."""

    at_once = 1
    draws = True

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return the drawn number."""
        return (candidate.drawn,)
