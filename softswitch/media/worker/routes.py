"""Which rows hear which, in the form in which a tick needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from softswitch.media.worker.rows import Indices

NOBODY: Final = -1


class Routes:
    """For each source row its listeners' rows: ``rounds[k][source]`` is its k-th listener, or NOBODY.

    A packet is sent where it lies, once a round with another header, so a round has each source at most once. A
    listener has one source, so a round has each listener at most once too.

    Args:
        capacity: the number of rows.
    """

    __slots__ = ("_capacity", "_counts", "rounds")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.rounds: list[Indices] = [self._nobody()]
        self._counts = [0]

    def set_listeners(self, source: int, listeners: Sequence[int]) -> None:
        """Say who hears a source; an empty sequence for nobody."""
        while len(self.rounds) < len(listeners):
            self.rounds.append(self._nobody())
            self._counts.append(0)
        for number, heard_by in enumerate(self.rounds):
            listener = listeners[number] if number < len(listeners) else NOBODY
            self._counts[number] += int(listener != NOBODY) - int(heard_by[source] != NOBODY)
            heard_by[source] = listener
        while len(self.rounds) > 1 and not self._counts[-1]:
            self.rounds.pop()
            self._counts.pop()

    def _nobody(self) -> Indices:
        return np.full(self._capacity, NOBODY, np.intp)
