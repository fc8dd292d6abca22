"""What is heard in place of sound that did not come: the last sound again, ever softer."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.worker.batch import Mask
from softswitch.media.worker.mixing.mixer import Samples
from softswitch.media.worker.mixing.ring import FRAME_CELLS
from softswitch.media.worker.rows import Indices

_FULL_CELLS: Final = 1
"""Cells that are repeated as loud as they were."""
_FADED_CELLS: Final = 6
"""Cells after which nothing is left."""


class Concealment:
    """Remembers the last sound of each leg and repeats it.

    Args:
        rows: how many legs there can be.
        frame_samples: of 20 ms.
    """

    def __init__(self, rows: int, frame_samples: int) -> None:
        self._last = np.zeros((rows, frame_samples), np.int16)
        self._missing = np.full(rows, _FADED_CELLS, np.int64)
        """Cells missing since the last sound."""
        self._cell = frame_samples // FRAME_CELLS
        self._ramp = np.arange(self._cell, dtype=np.float32) / self._cell

    def open(self, row: int) -> None:
        """Begin with silence."""
        self._last[row] = 0
        self._missing[row] = _FADED_CELLS

    def fill(self, rows: Indices, sound: Samples, missing: Mask) -> None:
        """Fill what is missing and remember what is heard.

        Args:
            rows: of the legs, shape (n,).
            sound: shape (n, samples), filled in place.
            missing: shape (n, 2): the cells that did not come.
        """
        if not missing.any():
            self._last[rows] = sound
            self._missing[rows] = 0
            return
        for cell in range(FRAME_CELLS):
            here = missing[:, cell]
            places = np.flatnonzero(here)
            part = slice(cell * self._cell, (cell + 1) * self._cell)
            if places.size:
                sound[places, part] = self._repeated(rows[places])
            self._missing[rows] = np.where(here, self._missing[rows] + 1, 0)
            self._remember(rows, sound[:, part])

    def _repeated(self, rows: Indices) -> Samples:
        """Return the last two cells in turn, each softer than the one before it."""
        since = self._missing[rows]
        loud = np.clip((_FADED_CELLS - since) / (_FADED_CELLS - _FULL_CELLS), 0, 1).astype(np.float32)
        then = np.clip((_FADED_CELLS - since - 1) / (_FADED_CELLS - _FULL_CELLS), 0, 1).astype(np.float32)
        gains = loud[:, np.newaxis] + (then - loud)[:, np.newaxis] * self._ramp
        return (self._last[rows, : self._cell] * gains).astype(np.int16)

    def _remember(self, rows: Indices, part: npt.NDArray[np.int16]) -> None:
        self._last[rows, : self._cell] = self._last[rows, self._cell :]
        self._last[rows, self._cell :] = part
