"""How loud each frame is, whether somebody speaks in it, and who of a room is heard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch_codecs import Sound, Streams

Decibels = npt.NDArray[np.float32]
"""dBov: 0 is a square wave of full scale."""
Mask = npt.NDArray[np.bool_]

SILENCE_DBOV: Final = -100.0
_FULL_SCALE: Final = 32768.0
_SPEECH_OVER_FLOOR_DB: Final = 9.0
_QUIETEST_SPEECH_DBOV: Final = -55.0
_LOUDEST_FLOOR_DBOV: Final = -35.0
"""Whoever is louder speaks, however steadily; music on a line is no noise."""
_FLOOR_RISE_DB_S: Final = 4.0
_FLOOR_FALL: Final = 0.3
_HANGOVER_MS: Final = 200
_STAY_DB: Final = 3.0


def measure_dbov(frames: Sound) -> Decibels:
    """Return the level of each row of sound.

    Args:
        frames: int16 or float32 on its scale, shape (n, samples), one sample at least.

    Returns:
        float32, shape (n,), from :data:`SILENCE_DBOV` up.
    """
    wide = frames.astype(np.float32, copy=False)
    power = np.einsum("ij,ij->i", wide, wide) / (frames.shape[1] * _FULL_SCALE**2)
    levels: Decibels = 10 * np.log10(np.maximum(power, np.float32(10 ** (SILENCE_DBOV / 10))))
    return levels


class Voice(NamedTuple):
    """What a frame of each stream told."""

    levels: Decibels
    speaking: Mask


class VoiceDetector:
    """Follows the noise of each line and tells when somebody speaks over it.

    The floor falls quickly to what is quieter and rises slowly, so pauses between words show it. A pause shorter than
    0.2 s does not end speech.
    """

    def __init__(self) -> None:
        self._floor: Decibels = np.zeros(0, np.float32)
        self._left_ms: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def detect(self, frames: Sound, ptime_ms: int, streams: Streams | None = None) -> Voice:
        """Take a frame of each stream.

        Args:
            frames: shape (n, samples).
            ptime_ms: how long they are.
            streams: which stream each row belongs to, each at most once; None for 0 to n - 1.
        """
        indices = np.arange(len(frames)) if streams is None else streams
        self._make_room(indices)
        levels = measure_dbov(frames)
        floor = self._floor[indices]
        risen = np.minimum(floor + _FLOOR_RISE_DB_S * ptime_ms / 1000, _LOUDEST_FLOOR_DBOV)
        floor = np.where(levels < floor, floor + _FLOOR_FALL * (levels - floor), risen)
        self._floor[indices] = floor
        loud = (levels > floor + _SPEECH_OVER_FLOOR_DB) & (levels > _QUIETEST_SPEECH_DBOV)
        left_ms = np.where(loud, _HANGOVER_MS, np.maximum(self._left_ms[indices] - ptime_ms, 0))
        self._left_ms[indices] = left_ms
        return Voice(levels, left_ms > 0)

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew."""
        known = [stream for stream in streams if stream < len(self._floor)]
        self._floor[known], self._left_ms[known] = _LOUDEST_FLOOR_DBOV, 0

    def _make_room(self, indices: Streams) -> None:
        more = int(indices.max(initial=-1)) + 1 - len(self._floor)
        if more > 0:
            more = max(more, len(self._floor))
            self._floor = np.append(self._floor, np.full(more, _LOUDEST_FLOOR_DBOV, np.float32))
            self._left_ms = np.append(self._left_ms, np.zeros(more, np.int32))


def pick_speakers(voice: Voice, heard: Mask, most: int) -> Mask:
    """Choose who of each room is mixed: those who speak, the loudest of them where they are too many.

    Whoever is heard already stays until another is 3 dB louder, so that two voices of one loudness do not cut each
    other into pieces.

    Args:
        voice: levels and speaking, each of shape (rooms, members).
        heard: who was chosen last time, of that shape.
        most: how many of a room may be chosen.

    Returns:
        Who is chosen, of that shape.
    """
    speaking = voice.speaking
    if speaking.shape[1] <= most:
        return speaking.copy()
    ranked = np.where(speaking, voice.levels + _STAY_DB * heard, -np.inf)
    chosen = np.zeros_like(speaking)
    first = np.argpartition(-ranked, most - 1, axis=1)[:, :most]
    np.put_along_axis(chosen, first, values=True, axis=1)
    return chosen & speaking
