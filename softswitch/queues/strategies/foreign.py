"""A strategy of another package: whatever it does wrong, callers are given to agents."""

from __future__ import annotations

import math
from typing import Final

from softswitch.queues.strategies.base import Candidate, Strategy
from softswitch.runtime.log import get_logger

_log = get_logger("queues")
_LONGEST: Final = 200
"""Of a reason, in characters."""
_MOST_TOLD: Final = 10
"""Reasons that are logged: they may tell of each candidate anew."""


class Foreign:
    """Asks the strategy, and takes an answer that is none for the last place.

    That it fails is logged once for each reason, not once for each candidate.

    Args:
        name: by which the site calls it.
        made: the strategy.
    """

    def __init__(self, name: str, made: Strategy) -> None:
        self._name = name
        self._made = made
        self._told: set[str] = set()
        self.at_once = max(0, int(made.at_once))
        self.draws = bool(made.draws)

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return its key as numbers; what cannot be compared comes last, in the order of the list."""
        try:
            key = tuple(float(part) for part in self._made.key(candidate))
        except Exception as error:  # any: it is not our code, and a caller waits
            return self._last(f"{type(error).__name__}: {error}"[:_LONGEST])
        return self._last("its key is not a number") if any(math.isnan(part) for part in key) else key

    def _last(self, reason: str) -> tuple[float, ...]:
        if reason not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(reason)
            _log.error("strategy.failed", strategy=self._name, reason=reason)
        return (math.inf,)
