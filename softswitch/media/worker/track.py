"""What the switch plays: files, tones and keys, one after the other, a frame of 20 ms at a time.

A track is read at the rate of whoever listens, even at several rates at once; where it stands is counted in units of
1/8000 s, which all rates are multiples of. What follows one sound begins in the very sample in which that ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

import numpy as np

from softswitch.core.errors import MediaError
from softswitch.media.dsp.tones import Tone, render, render_keys, tone
from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile, SoundFiles
from softswitch_codecs import Samples

UNITS_HZ: Final = 8000
FRAME_UNITS: Final = UNITS_HZ // 50
MUSIC: Final = "music:"
KEYS: Final = "keys:"


class Clip(Protocol):
    """One sound."""

    def known(self, rate_hz: int) -> Samples:
        """Return what is there of it now, from its beginning; it may go on."""
        ...

    def read(self, at: int, rate_hz: int) -> Samples | None:
        """Return what follows a place, a frame at most; nothing at the end, None where it is not there yet.

        Args:
            at: in units from the beginning.
            rate_hz: samples a second of what is returned.

        Raises:
            MediaError: it cannot be played.
        """
        ...

    def close(self) -> None:
        """It is played no more."""
        ...


class FileClip:
    """A sound file.

    Args:
        files: of the worker.
        path: of the file.
        rate_hz: at which it will be read first.

    Raises:
        MediaError: it cannot be played.
    """

    def __init__(self, files: SoundFiles, path: str, rate_hz: int) -> None:
        self._files = files
        self._path = path
        self._at_rate: dict[int, SoundFile] = {rate_hz: files.open(path, rate_hz)}

    def known(self, rate_hz: int) -> Samples:
        """Return what is decoded of it."""
        return self._file(rate_hz).samples

    def _file(self, rate_hz: int) -> SoundFile:
        file = self._at_rate.get(rate_hz)
        if file is None:
            file = self._at_rate[rate_hz] = self._files.open(self._path, rate_hz)
        return file

    def read(self, at: int, rate_hz: int) -> Samples | None:
        """Return what follows a place; a file that turns out to be broken is an error at its end."""
        file = self._file(rate_hz)
        step = rate_hz // UNITS_HZ
        samples = file.samples
        piece = samples[at * step : (at + FRAME_UNITS) * step]
        if len(piece) < FRAME_UNITS * step and not file.is_whole:
            return None
        if not len(piece) and file.failure:
            raise MediaError(file.failure)
        return piece[: len(piece) // step * step]

    def close(self) -> None:
        """Let the worker forget the file, if nobody else plays it."""
        for file in self._at_rate.values():
            self._files.release(file)
        self._at_rate.clear()


class MadeClip:
    """A sound that is computed: a tone, or keys."""

    def __init__(self, made: Tone | str) -> None:
        self._made = made

    def known(self, rate_hz: int) -> Samples:
        """Return all of it."""
        return _made(self._made, rate_hz)

    def read(self, at: int, rate_hz: int) -> Samples:
        """Return what follows a place."""
        step = rate_hz // UNITS_HZ
        return _made(self._made, rate_hz)[at * step : (at + FRAME_UNITS) * step]

    def close(self) -> None:
        """There is nothing to give back."""


@lru_cache(maxsize=64)
def _made(what: Tone | str, rate_hz: int) -> Samples:
    return render_keys(what, rate_hz) if isinstance(what, str) else render(what, rate_hz)


def clip_of(sound: str, files: SoundFiles, rate_hz: int, country: str) -> Clip:
    """Return the sound of a name, as :class:`softswitch.media.engine.Playing` has them.

    Raises:
        MediaError: there is no such sound, or it cannot be played.
    """
    kind, _, name = sound.partition(":")
    if kind == "file":
        return FileClip(files, name, rate_hz)
    if kind == "music":
        return FileClip(files, name or MUSIC_ON_HOLD, rate_hz)
    if kind == "tone":
        return MadeClip(tone(country, name))
    if kind == "keys":
        render_keys(name, UNITS_HZ, key_ms=0, pause_ms=0)
        return MadeClip(name)
    raise MediaError(f"cannot play {sound}: a sound is file:PATH, tone:NAME, keys:DIGITS or music:")


class Track:
    """Clips that follow each other.

    Attributes:
        ended: whether the last one is over.
        problem: why it ended early; empty otherwise.
        paused: whether it stands still.
        moves: how many times it was moved.

    Args:
        number: its own among the tracks that are played.
        clips: the sounds.
        repeat: whether the first follows the last.
    """

    def __init__(self, number: int, clips: Sequence[Clip], *, repeat: bool = False) -> None:
        self.number = number
        self.ended = not clips
        self.problem = ""
        self.paused = False
        self.moves = 0
        self._clips = clips
        self._repeat = repeat
        self._place = (0, 0)
        """Number of the clip, and units from its beginning."""
        self._next = (0, 0)
        self._known: dict[int, Samples] = {}
        """By rate, what was there of the present clip when it was last looked at."""
        self._known_clip = 0

    def frame(self, rate_hz: int) -> Samples:
        """Return the frame of 20 ms whose turn it is, shape (samples,), to be read only; silence where nothing is yet.

        Nearly all frames lie within a clip, of which so much is known.
        """
        number, at = self._place
        known = self._known.get(rate_hz)
        if known is not None and number == self._known_clip and not self.paused:
            step = rate_hz // UNITS_HZ
            end = (at + FRAME_UNITS) * step
            if end <= len(known):
                self._next = number, at + FRAME_UNITS
                return known[at * step : end]
        return self._made_up(rate_hz)

    def _made_up(self, rate_hz: int) -> Samples:
        """Put a frame together of what there is."""
        self._next = self._place
        frame = np.zeros(rate_hz // 50, np.int16)
        if self.paused or self.ended:
            return frame
        try:
            self._fill(frame, rate_hz)
            self._look_ahead(rate_hz)
        except MediaError as error:
            self.ended, self.problem = True, str(error)
        if self.ended:
            self._known.clear()
        return frame

    def _look_ahead(self, rate_hz: int) -> None:
        """Note what there is of the clip in which the next frame begins."""
        if self._known_clip != self._next[0]:
            self._known.clear()
        self._known_clip = self._next[0]
        self._known[rate_hz] = self._clips[self._known_clip].known(rate_hz)

    def advance(self) -> None:
        """Go on behind the frame that was read last."""
        self._place = self._next

    def move(self, number: int, at_ms: int) -> None:
        """Go on at another place.

        Args:
            number: of the sound, from 0; the last one where there are not so many.
            at_ms: how far into it; behind its end what follows begins.
        """
        number = min(max(number, 0), len(self._clips) - 1)
        self._place = self._next = number, max(at_ms, 0) * UNITS_HZ // 1000

    def close(self) -> None:
        """It is played no more."""
        for clip in self._clips:
            clip.close()

    def _fill(self, frame: Samples, rate_hz: int) -> None:
        step = rate_hz // UNITS_HZ
        number, at = self._place
        filled = empty = 0
        while filled < len(frame) and not self.ended:
            piece = self._clips[number].read(at, rate_hz)
            if piece is None:
                return  # it is not decoded yet: the frame will be read again
            piece = piece[: len(frame) - filled]
            frame[filled : filled + len(piece)] = piece
            filled, at = filled + len(piece), at + len(piece) // step
            if len(piece):
                empty = 0
            else:
                number, at, empty = number + 1, 0, empty + 1
                over = number == len(self._clips)
                self.ended = (over and not self._repeat) or empty > len(self._clips)
                number = 0 if over else number
        self._next = number, at
