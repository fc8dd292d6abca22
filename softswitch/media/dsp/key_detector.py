"""Keys that are heard in the sound itself (DTMF), for all legs that ask for it at once.

Every 5 ms the last 20 ms are looked at. A window holds a key when one frequency of each group stands out of its
group, the two are loud enough and of about one loudness, and together they are nearly all there is: speech and
music have more than two lines. A window that is filled to some three quarters passes, so a key is sure to be
seen in five windows when it sounds for 40 ms, and in three at most when for 23 ms; four in a row count. A key ends
after eight windows without it, which a pause of 40 ms brings and an interruption of 20 ms does not. So it keeps
the limits of ITU-T Q.24: frequencies off by 1.5 % and 2 Hz pass and by 3.5 % do not; the high group may be 4 dB
louder or 8 dB softer; -25 dBm0 a frequency suffice.

A frame that is lost tells neither that there is a key nor that there is none. A decoder that remembers (G.722) comes
back from a loss with the high group up to 10 dB too loud for as long as the tones last, pure as they are; so that is
allowed for a while behind a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.dsp.tones import HIGH_HZ, KEYPAD, LOW_HZ
from softswitch_codecs import Sound, Streams

SAMPLE_RATE_HZ: Final = 8000
_WINDOW: Final = 160
_HOP: Final = 40
_WITHIN: Final = (-0.008, 0.008)
"""What is measured for a frequency: between them no allowed deviation is far."""
_BESIDE: Final = (-0.035, 0.035)
"""Where clearly more is found than within, it was another frequency."""
_CLEARLY: Final = 1.15
_PLACES: Final = len(_WITHIN) + len(_BESIDE)
_PURE: Final = 0.72
_PERHAPS: Final = 0.25
"""A window half filled by a key whose frequencies are all 1.5 % off reaches that."""
_STANDS_OUT: Final = 6.3
_HIGH_LOUDER: Final = 10 ** (6.5 / 10)
_HIGH_SOFTER: Final = 10 ** (-11 / 10)
"""Wider than what must pass: in 20 ms the two frequencies disturb each other's measure."""
_HIGH_LOUDER_SHAKEN: Final = 10 ** (14 / 10)
_SHAKEN: Final = SAMPLE_RATE_HZ // 4
"""So long behind a loss, in samples: keys rarely sound longer, and most losses fall outside of them."""
_SOFTEST: Final = (32768 * 10 ** (-(3.14 + 29) / 20) * _WINDOW / 2) ** 2
"""-29 dBm0 a frequency, as the square of what the window's transform gives."""
_HITS: Final = 4
_MISSES: Final = 8
_ROWS_AT_ONCE: Final = 96
_NONE: Final = -1
_KEYS: Final = "".join(KEYPAD)

Mask = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float32]
_Keys = npt.NDArray[np.int8]


class Heard(NamedTuple):
    """A key that a stream has begun to press."""

    stream: int
    digit: str


class KeyDetector:
    """Listens for keys in a batch of streams at 8000 Hz; each key is told once."""

    def __init__(self) -> None:
        self._coarse = _transform((0.0,))
        self._fine = _transform((*_WITHIN, *_BESIDE))
        self._past: _Floats = np.zeros((0, _WINDOW - _HOP), np.float32)
        self._whole: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """How many of the last samples were not lost."""
        self._shaken: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """How many samples more a decoder that remembers is not itself."""
        self._state = np.zeros((0, 4), np.int8)
        """Candidate, its hits, the key that is held, windows without it."""

    def listen(
        self,
        frames: Sound,
        lost: Mask | None = None,
        streams: Streams | None = None,
        *,
        remembering: Mask | None = None,
    ) -> list[Heard]:
        """Take a frame of each stream.

        Args:
            frames: int16 or float32 on its scale, shape (n, samples), a multiple of 40 samples (5 ms).
            lost: which are missing, shape (n,); None for none of them.
            streams: which stream each row belongs to, each at most once; None for 0 to n - 1.
            remembering: which rows' decoders remember what came before, shape (n,); None for none.

        Returns:
            The keys, in the order in which they were heard.
        """
        indices = np.arange(len(frames)) if streams is None else streams
        self._make_room(indices)
        line = np.concatenate((self._past[indices], frames), axis=1, dtype=np.float32)
        whole = self._whole[indices]
        if lost is not None and lost.any():
            line[lost, _WINDOW - _HOP :] = 0
            whole = np.where(lost, -frames.shape[1], whole)
            if remembering is not None:
                self._shaken[indices[lost & remembering]] = _SHAKEN
        self._past[indices] = line[:, frames.shape[1] :]
        self._whole[indices] = np.clip(whole + frames.shape[1], 0, _WINDOW - _HOP)
        shaken = self._shaken[indices]
        self._shaken[indices] = np.maximum(shaken - frames.shape[1], 0)
        loudest = np.where(shaken > 0, _HIGH_LOUDER_SHAKEN, _HIGH_LOUDER).astype(np.float32)
        keys = _keys_in(line, self._coarse, self._fine, loudest)
        ends = _HOP * (1 + np.arange(keys.shape[1]))
        known = whole[:, np.newaxis] + ends >= _WINDOW
        return self._follow(keys, known, indices)

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew."""
        known = [stream for stream in streams if stream < len(self._past)]
        self._past[known], self._whole[known], self._state[known] = 0, _WINDOW - _HOP, (_NONE, 0, _NONE, 0)
        self._shaken[known] = 0

    def _make_room(self, indices: Streams) -> None:
        count = len(self._past)
        more = int(indices.max(initial=-1)) + 1 - count
        if more > 0:
            more = max(more, count)
            self._past = np.concatenate((self._past, np.zeros((more, _WINDOW - _HOP), np.float32)))
            self._whole = np.append(self._whole, np.zeros(more, np.int32))
            self._shaken = np.append(self._shaken, np.zeros(more, np.int32))
            self._state = np.concatenate((self._state, np.zeros((more, 4), np.int8)))
            self.forget(range(count, count + more))

    def _follow(self, keys: _Keys, known: Mask, indices: Streams) -> list[Heard]:
        """Let windows count, one after the other, for those streams in which anything can change."""
        state = self._state[indices]
        busy = np.flatnonzero((keys != _NONE).any(axis=1) | (state[:, 1] > 0) | (state[:, 2] != _NONE))
        if not busy.size:
            return []
        candidate, hits, held, misses = state[busy].T.copy()
        heard: list[Heard] = []
        for key, sure in zip(keys[busy].T, known[busy].T, strict=True):
            hit, miss = sure & (key != _NONE), sure & (key == _NONE)
            hits = np.where(hit, np.where(key == candidate, np.minimum(hits + 1, _HITS), 1), np.where(miss, 0, hits))
            candidate = np.where(hit, key, candidate)
            misses = np.where(hit & (key == held), 0, np.minimum(misses + sure, _MISSES))
            held = np.where(misses >= _MISSES, _NONE, held)
            begun = hit & (hits >= _HITS) & (candidate != held)
            held, misses = np.where(begun, candidate, held), np.where(begun, 0, misses)
            heard += [Heard(int(indices[busy[place]]), _KEYS[held[place]]) for place in np.flatnonzero(begun)]
        self._state[indices[busy]] = np.stack((candidate, hits, held, misses), axis=1)
        return heard


def _transform(shifts: Sequence[float]) -> _Floats:
    """Return the waves that a window is compared with: all cosines, then all sines; shift by shift."""
    frequencies_hz = (1 + np.array(shifts)[:, np.newaxis]) * np.array((*LOW_HZ, *HIGH_HZ))
    turn = 2 * np.pi / SAMPLE_RATE_HZ * np.outer(np.arange(_WINDOW), frequencies_hz.ravel())
    return np.concatenate((np.cos(turn), np.sin(turn)), axis=1).astype(np.float32)


def _keys_in(line: _Floats, coarse: _Floats, fine: _Floats, loudest: _Floats) -> _Keys:
    """Return the key in each window, shape (n, windows); -1 for none. ``loudest`` is of the high group, by row."""
    windows = np.lib.stride_tricks.sliding_window_view(line, _WINDOW, axis=1)[:, ::_HOP]
    keys = np.full(windows.shape[:2], _NONE, np.int8)
    for first in range(0, len(line), _ROWS_AT_ONCE):
        chunk = slice(first, first + _ROWS_AT_ONCE)
        energy = _energy(line[chunk])
        rows = _worth_a_look(windows[chunk], energy, coarse)
        if rows.size:
            flat = windows[chunk][rows].reshape(-1, _WINDOW)
            limits = np.repeat(loudest[first + rows], windows.shape[1])
            keys[first + rows] = _judge(flat @ fine, energy[rows].ravel(), limits).reshape(len(rows), -1)
    return keys


def _energy(line: _Floats) -> _Floats:
    """Return the energy of each window, shape (n, windows)."""
    hops = line.reshape(len(line), -1, _HOP)
    of_hops = np.einsum("ijk,ijk->ij", hops, hops)
    made: _Floats = np.lib.stride_tricks.sliding_window_view(of_hops, _WINDOW // _HOP, axis=1).sum(axis=2)
    return made


def _worth_a_look(windows: _Floats, energy: _Floats, coarse: _Floats) -> npt.NDArray[np.intp]:
    """Return the rows in which every other window, looked at with one wave a frequency, does not rule out a key."""
    some = slice((windows.shape[1] - 1) % 2, None, 2)
    loud = np.flatnonzero((energy[:, some] > _SOFTEST / _WINDOW).any(axis=1))
    if not loud.size:
        return loud
    waves = windows[loud, some].reshape(-1, _WINDOW) @ coarse
    power = (waves[:, :8] ** 2 + waves[:, 8:] ** 2).reshape(-1, 2, 4).max(axis=2).sum(axis=1)
    likely = power.reshape(len(loud), -1) > _PERHAPS * _WINDOW / 2 * energy[loud, some]
    rows: npt.NDArray[np.intp] = loud[likely.any(axis=1)]
    return rows


def _judge(waves: _Floats, energy: _Floats, loudest: _Floats) -> _Keys:
    half = waves.shape[1] // 2
    power = waves[:, :half] ** 2 + waves[:, half:] ** 2
    power = power.reshape(len(waves), _PLACES, 2, 4)
    within, beside = power[:, : len(_WITHIN)].max(axis=1), power[:, len(_WITHIN) :].max(axis=1)
    ranked = np.sort(within, axis=2)
    low, high = ranked[:, 0, 3], ranked[:, 1, 3]
    place = np.argmax(within, axis=2)
    aside = np.take_along_axis(beside, place[:, :, np.newaxis], axis=2)[:, :, 0]
    strange = (aside > _CLEARLY * ranked[:, :, 3]).any(axis=1)
    good = (low > _SOFTEST) & (high > _SOFTEST) & ~strange
    good &= (ranked[:, :, 3] > _STANDS_OUT * ranked[:, :, 2]).all(axis=1)
    good &= (high < loudest * low) & (high > _HIGH_SOFTER * low)
    good &= low + high > _PURE * _WINDOW / 2 * energy
    keys: _Keys = np.where(good, 4 * place[:, 0] + place[:, 1], _NONE).astype(np.int8)
    return keys
