"""What is heard where a frame is missing: the last pitch period again and again, fading away.

Speech repeats itself from one pitch period to the next, so a gap is filled with the last period before it, full for
10 ms, then fading to nothing within 50 ms more. When the sound comes back, it is faded in over what would have
been repeated. The method is that of ITU-T G.711 Appendix I, without its delay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch_codecs import Samples, Streams

Mask = npt.NDArray[np.bool_]
_Indices = npt.NDArray[np.intp]
_Floats = npt.NDArray[np.float32]

_SEARCH_HZ: Final = 8000
"""Sound of a higher rate is searched for its pitch at this rate."""
_SHORTEST_LAG: Final = 20
_LONGEST_LAG: Final = 120
"""Pitch periods in samples of the search: 400 Hz to 66 Hz."""
_COMPARED: Final = 160
_FULL_S: Final = 0.010
_GONE_S: Final = 0.060
_RETURN_S: Final = 0.004


class Concealer:
    """Fills gaps for a batch of streams of one sample rate.

    Args:
        sample_rate_hz: a multiple of 8000.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._step = sample_rate_hz // _SEARCH_HZ
        self._rate = sample_rate_hz
        self._past: Samples = np.zeros((0, (_LONGEST_LAG + _COMPARED) * self._step), np.int16)
        self._missing: _Indices = np.zeros(0, np.intp)
        """Samples made up since the last real one."""
        self._lag: _Indices = np.zeros(0, np.intp)

    def play(self, frames: Samples, lost: Mask, streams: Streams | None = None) -> Samples:
        """Take a frame of each stream and return what is to be heard.

        Args:
            frames: int16, shape (n, samples); of lost ones the content does not matter.
            lost: which are missing, shape (n,).
            streams: which stream each row belongs to, each at most once; None for 0 to n - 1.

        Returns:
            int16, shape (n, samples); ``frames`` itself is left as it is.
        """
        indices = np.arange(len(frames)) if streams is None else streams
        self._make_room(indices)
        returning = ~lost & (self._missing[indices] > 0)
        if lost.any() or returning.any():
            frames = frames.copy()
            frames[lost] = self._fill(indices[lost], frames.shape[1])
            self._return(frames, np.flatnonzero(returning), indices)
        self._remember(frames[~lost], indices[~lost])
        return frames

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew, out of silence."""
        known = [stream for stream in streams if stream < len(self._past)]
        self._past[known], self._missing[known] = 0, 0

    def _make_room(self, indices: Streams) -> None:
        more = int(indices.max(initial=-1)) + 1 - len(self._past)
        if more > 0:
            more = max(more, len(self._past))
            self._past = np.concatenate((self._past, np.zeros((more, self._past.shape[1]), np.int16)))
            self._missing = np.append(self._missing, np.zeros(more, np.intp))
            self._lag = np.append(self._lag, np.ones(more, np.intp))

    def _remember(self, frames: Samples, indices: Streams) -> None:
        width = self._past.shape[1]
        if frames.shape[1] < width:
            frames = np.concatenate((self._past[indices, frames.shape[1] :], frames), axis=1)
        self._past[indices] = frames[:, frames.shape[1] - width :]
        self._missing[indices] = 0

    def _fill(self, indices: Streams, samples: int) -> Samples:
        begun = indices[self._missing[indices] == 0]
        self._lag[begun] = self._step * _pitch_lags(self._past[begun, :: self._step].astype(np.float32))
        made = self._repeat(indices, samples)
        self._missing[indices] += samples
        return made.astype(np.int16)

    def _repeat(self, indices: Streams, samples: int) -> _Floats:
        """Return what follows the last sound, and what was made up since, by its pitch."""
        lag = self._lag[indices, np.newaxis]
        place = self._missing[indices, np.newaxis] + np.arange(samples)
        past = self._past[indices]
        width = past.shape[1]
        within = place % lag
        sound = np.take_along_axis(past, width - lag + within, axis=1).astype(np.float32)
        # Towards its end the period goes over into what came before its beginning, so that no seam is heard.
        seam = lag // 4
        over = np.clip((within - (lag - seam) + 1) / np.maximum(seam, 1), 0, 1).astype(np.float32)
        before = np.take_along_axis(past, np.maximum(width - 2 * lag + within, 0), axis=1)
        seconds = place / self._rate
        gain = np.clip((_GONE_S - seconds) / (_GONE_S - _FULL_S), 0, 1).astype(np.float32)
        return (sound + over * (before - sound)) * gain

    def _return(self, frames: Samples, rows: _Indices, indices: Streams) -> None:
        """Fade sound that is there again in over what would have been made up."""
        if not rows.size:
            return
        width = min(int(_RETURN_S * self._rate), frames.shape[1])
        made = self._repeat(indices[rows], width)
        weight = ((np.arange(width) + 1) / (width + 1)).astype(np.float32)
        frames[rows, :width] = made + weight * (frames[rows, :width] - made)


def _pitch_lags(past: _Floats) -> _Indices:
    """Return for each row the lag at which its end is most like what came before.

    Args:
        past: shape (n, 280) at 8000 Hz.
    """
    if not len(past):
        return np.zeros(0, np.intp)
    template = past[:, -_COMPARED:]
    windows = np.lib.stride_tricks.sliding_window_view(past, _COMPARED, axis=1)[:, : _LONGEST_LAG - _SHORTEST_LAG + 1]
    products = np.einsum("nlk,nk->nl", windows, template)
    squares = np.cumsum(np.pad(past.astype(np.float64) ** 2, ((0, 0), (1, 0))), axis=1)
    energy = (squares[:, _COMPARED:] - squares[:, :-_COMPARED])[:, : windows.shape[1]]
    likeness = np.where(products > 0, products, 0) / np.sqrt(np.maximum(energy, 1.0))
    lags: _Indices = _LONGEST_LAG - np.argmax(likeness, axis=1)
    return lags
