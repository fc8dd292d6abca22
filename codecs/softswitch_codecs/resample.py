"""Other sample rates, for a batch of streams: a low-pass FIR as one matrix product a block.

Between 8, 16, 24 and 48 kHz all ratios are small, so the filter is the same for each block of some milliseconds: a
band matrix (block Toeplitz) with a column for each sample that comes out. A stream's last samples are kept and stand
before the next block, so frames join without a seam.

The pass band ends at 0.425 of the lower rate (3400 Hz for 8000), the stop band, 60 dB down at least, begins at 0.575 of
it. What lies between folds back to above the pass band only. The sound comes out later by
:attr:`Resampler.delay_s`: 13 samples of the lower rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch_codecs.base import Sound, Streams

Floats = npt.NDArray[np.float32]

RATES_HZ: Final = (8000, 16000, 24000, 48000)
_HALF_TAPS: Final = 13
"""The filter reaches so many samples of the lower rate to both sides."""
_KAISER_BETA: Final = 6.0
_BLOCK: Final = 20
"""Samples of the lower rate in a block: a longer one multiplies by more zeros, a shorter one copies more."""
_FLOATS_AT_ONCE: Final = 96 * 1024
"""In one product, so that it stays in the cache."""


class Resampler:
    """Turns frames at one rate into frames at another.

    Args:
        from_hz: the rate that comes in, one of :data:`RATES_HZ`.
        to_hz: the rate that goes out, another of them.

    Raises:
        ValueError: not such rates.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        if from_hz not in RATES_HZ or to_hz not in RATES_HZ or from_hz == to_hz:
            raise ValueError(f"cannot resample from {from_hz} to {to_hz} Hz; rates are {RATES_HZ}")
        common = gcd(from_hz, to_hz)
        self.from_hz, self.to_hz = from_hz, to_hz
        self._up, self._down = to_hz // common, from_hz // common
        lower = min(from_hz, to_hz)
        self.delay_s = _HALF_TAPS / lower
        taps = _low_pass(from_hz * self._up, lower)
        self._history = (len(taps) - 1) // self._up
        """Samples of the past that a block needs."""
        self._granule = _BLOCK * from_hz // lower
        self._matrices: dict[int, Floats] = {}
        self._taps = taps
        self._past: Floats = np.zeros((0, self._history), np.float32)

    def resample(self, samples: Sound, streams: Streams | None = None) -> Floats:
        """Resample a frame of each stream.

        Args:
            samples: int16 or float32, shape (n, samples): whole periods of both rates, as any number of ms is.
            streams: which stream each row belongs to, each at most once; None for 0 to n - 1.

        Returns:
            float32 on the scale of what came in, shape (n, samples * to_hz / from_hz); it may exceed the range of int16
            a little.

        Raises:
            ValueError: the frame is no whole number of samples at the other rate.
        """
        rows, width = samples.shape
        if width * self._up % self._down:
            raise ValueError(f"{width} samples at {self.from_hz} Hz are no whole number at {self.to_hz} Hz")
        indices = np.arange(rows) if streams is None else streams
        self._make_room(indices)
        block = gcd(width, self._granule) if width % self._granule else self._granule
        matrix = self._matrix(block)
        out = np.empty((rows, width * self._up // self._down), np.float32)
        at_once = max(1, _FLOATS_AT_ONCE // max(1, width // block * len(matrix)))
        for first in range(0, rows, at_once):
            chunk = slice(first, first + at_once)
            out[chunk] = self._product(samples[chunk], indices[chunk], block, matrix)
        return out

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew, out of silence."""
        known = [stream for stream in streams if stream < len(self._past)]
        self._past[known] = 0

    def _make_room(self, indices: Streams) -> None:
        needed = int(indices.max()) + 1 if indices.size else 0
        if needed > len(self._past):
            grown = np.zeros((max(needed, 2 * len(self._past)), self._history), np.float32)
            grown[: len(self._past)] = self._past
            self._past = grown

    def _product(self, samples: Sound, indices: Streams, block: int, matrix: Floats) -> Floats:
        rows, width = samples.shape
        line = np.empty((rows, self._history + width), np.float32)
        line[:, : self._history] = self._past[indices]
        line[:, self._history :] = samples
        self._past[indices] = line[:, width:]
        blocks = np.lib.stride_tricks.as_strided(
            line,
            (rows, width // block, self._history + block),
            (line.strides[0], block * line.itemsize, line.itemsize),
            writeable=False,
        ).reshape(-1, self._history + block)
        return (blocks @ matrix).reshape(rows, -1)

    def _matrix(self, block: int) -> Floats:
        """Return the filter for blocks of so many samples: past and block in, what comes out in its columns."""
        if block not in self._matrices:
            row = np.arange(-self._history, block)[:, np.newaxis]
            column = np.arange(block * self._up // self._down)
            tap = column * self._down - row * self._up
            inside = (tap >= 0) & (tap < len(self._taps))
            self._matrices[block] = (self._up * np.where(inside, self._taps[tap % len(self._taps)], 0)).astype(
                np.float32
            )
        return self._matrices[block]


def _low_pass(rate_hz: int, lower_hz: int) -> npt.NDArray[np.float64]:
    """Return a windowed sinc with its edge at half of the lower rate and a sum of 1."""
    reach = _HALF_TAPS * rate_hz // lower_hz
    place = np.arange(-reach, reach + 1)
    taps: npt.NDArray[np.float64] = np.sinc(place * lower_hz / rate_hz) * np.kaiser(len(place), _KAISER_BETA)
    taps /= taps.sum()
    return taps
