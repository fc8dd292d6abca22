"""Packets that stay where they are, in their rows, until somebody takes those of a whole frame at once.

An operation on a thousand packets costs little more than one on two hundred, so what is not needed at the tick at which
packets come is done for all five ticks of a frame together. A row that is about to be written into anew has to be told
of before (:meth:`Shelf.make_room`): its packet is taken then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.media.worker.rows import Indices


class Shelf:
    """Notes packets.

    Args:
        capacity: how many rows there are.
        take: takes rows, each once, and what was noted of their packets, in columns.
    """

    def __init__(self, capacity: int, take: Callable[..., None]) -> None:
        self._take = take
        self._waiting: list[tuple[npt.NDArray[Any], ...]] = []
        self._marked = np.zeros(capacity, np.bool_)

    def put(self, rows: Indices, *columns: npt.NDArray[Any]) -> None:
        """Note packets in rows in which none waits."""
        self._waiting.append((rows, *columns))
        self._marked[rows] = True

    def make_room(self, rows: Indices) -> None:
        """Let all be taken if a packet waits in one of these rows."""
        if self._waiting and np.count_nonzero(self._marked[rows]):
            self.clear()

    def clear(self) -> None:
        """Let all be taken."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        rows, *columns = waiting[0] if len(waiting) == 1 else map(np.concatenate, zip(*waiting, strict=True))
        self._marked[rows] = False
        self._take(rows, *columns)
