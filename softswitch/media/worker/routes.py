"""Which rows hear which, in the form in which a tick needs it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from softswitch.media.worker.rows import Indices, Known, Rows


class Routes:
    """For each source row its listeners' rows: ``rounds[k][source]`` is its k-th listener, or the row of nobody.

    A packet is sent where it lies, once a round with another header, so a round has each source at most once. A
    listener has one source, so a round has each listener at most once too.

    Args:
        state: the rows.
    """

    __slots__ = ("_counts", "_said", "_state", "rounds")

    def __init__(self, state: Rows) -> None:
        self._state = state
        self.rounds: list[Indices] = [self._empty_round()]
        self._counts = [0]
        self._said: dict[int, tuple[int, ...]] = {}
        """Source to its listeners, where there are any."""

    def set_listeners(self, source: int, listeners: Sequence[int]) -> None:
        """Say who hears a source, an empty sequence for nobody; or that something of them has changed."""
        self._state.known[source, Known.ROOM] = 0
        said = tuple(listeners)
        if said != self._said.pop(source, ()):
            self._change(source, said)
        if said:
            self._said[source] = said

    def _change(self, source: int, listeners: Sequence[int]) -> None:
        nobody = self._state.nobody
        while len(self.rounds) < len(listeners):
            self.rounds.append(self._empty_round())
            self._counts.append(0)
        for number, heard_by in enumerate(self.rounds):
            listener = listeners[number] if number < len(listeners) else nobody
            self._counts[number] += int(listener != nobody) - int(heard_by[source] != nobody)
            heard_by[source] = listener
        while len(self.rounds) > 1 and not self._counts[-1]:
            self.rounds.pop()
            self._counts.pop()

    def _empty_round(self) -> Indices:
        return np.full(self._state.capacity, self._state.nobody, np.intp)
