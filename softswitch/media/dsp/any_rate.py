"""From any sample rate to another, for one stream in pieces: what sound files need.

Each sample that comes out is a window of what came in times one of the low-pass filter's phases; the filter is that
of :mod:`softswitch_codecs.resample`, which does the same for many streams between the rates of codecs.
"""

from __future__ import annotations

from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.core.errors import MediaError

_Floats = npt.NDArray[np.float32]

_HALF_TAPS: Final = 13
_KAISER_BETA: Final = 6.0
_MOST_COEFFICIENTS: Final = 4_000_000


class AnyRate:
    """Resamples one stream.

    Args:
        from_hz: any rate.
        to_hz: another, or the same: then sound passes as it is.

    Raises:
        MediaError: the two have no common measure that is of use (1 Hz against 8000 needs no player).
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        common = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._bank = _phases(from_hz, to_hz, self._up) if from_hz != to_hz else None
        if self._bank is not None:
            half = self._bank.shape[1] // 2
            self._line: _Floats = np.zeros(half - 1, np.float32)  # the first sample out is centred on the first in
            self._tail = half
        self._phase = 0

    def resample(self, samples: _Floats, *, last: bool = False) -> _Floats:
        """Take a piece, shape (n,), and return what it completes; after the last one, the rest too."""
        if self._bank is None:
            return samples
        rest = np.zeros(self._tail if last else 0, np.float32)
        line = np.concatenate((self._line, samples, rest))
        taps = self._bank.shape[1]
        room = len(line) - taps
        count = max(0, ((room + 1) * self._up - 1 - self._phase) // self._down + 1)
        steps = self._phase + self._down * np.arange(count + 1)
        places, phases = steps // self._up, steps % self._up
        self._line, self._phase = line[int(places[-1]) :], int(phases[-1])
        if not count:
            return np.zeros(0, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(line, taps)[places[:-1]]
        made: _Floats = np.einsum("ij,ij->i", windows, self._bank[phases[:-1]])
        return made


def _phases(from_hz: int, to_hz: int, up: int) -> _Floats:
    """Return the filter for each of the places between two samples where one may come out, shape (up, taps)."""
    lower = min(from_hz, to_hz)
    half = -(-_HALF_TAPS * from_hz // lower)
    if up * 2 * half > _MOST_COEFFICIENTS:
        raise MediaError(f"sound of {from_hz} Hz cannot be brought to {to_hz} Hz")
    behind = np.arange(up)[:, np.newaxis] / up
    place = np.arange(-half + 1, half + 1) - behind
    inside = np.clip(1 - (place / half) ** 2, 0, None)
    bank = np.sinc(place * lower / from_hz) * np.i0(_KAISER_BETA * np.sqrt(inside))
    made: _Floats = (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)
    return made
