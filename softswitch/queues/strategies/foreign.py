"""A strategy of another package: whatever it does wrong, callers are given to agents."""

from __future__ import annotations

import math

from softswitch.queues.strategies.base import Candidate, Strategy


class Foreign:
    """Asks the strategy, and takes an answer that is none for the last place.

    Args:
        made: the strategy.
    """

    def __init__(self, made: Strategy) -> None:
        self._made = made
        self.at_once = max(0, int(made.at_once))
        self.draws = bool(made.draws)

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return its key as numbers; what cannot be compared comes last, in the order of the list."""
        try:
            key = tuple(float(part) for part in self._made.key(candidate))
        except Exception:  # any: it is not our code, and a caller waits
            return (math.inf,)
        return (math.inf,) if any(math.isnan(part) for part in key) else key
