"""Sound files for players: decoded once, a piece at a time, and kept.

A worker must not stop for a file, so a file is decoded a little in every tick, far faster than it is played; who plays
it begins with what is there. It is kept at the rate that was asked for until the room for kept files is needed.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from softswitch.core.errors import MediaError
from softswitch.media.dsp.any_rate import AnyRate
from softswitch_codecs import Samples

MUSIC_ON_HOLD: Final = str(Path(__file__).with_name("music_on_hold.ogg"))
"""A piece of our own, which tools/make_music.py writes; it ends where it begins."""
KEPT_OCTETS: Final = 256 << 20
LONGEST_S: Final = 2 * 3600
_PIECE_S: Final = 0.1


class _Key(NamedTuple):
    path: str
    changed_ns: int
    octets: int
    rate_hz: int


class _Straight(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from its beginning to its end.

    The library seeks after every read, to the very place where it is; an MP3 decoder forgets thereby what the next
    frames need, and a piece of sound is missing at each seam.
    """

    def seekable(self) -> bool:
        return False


class SoundFile:
    """One file at one rate; mono.

    Args:
        path: of the file.
        rate_hz: at which it is wanted.

    Raises:
        MediaError: it cannot be played; the text names the file and the reason.
    """

    def __init__(self, path: str, rate_hz: int) -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.is_whole = False
        """Whether all of it is decoded."""
        self.failure = ""
        """Why it ends early, where its data turned out to be broken."""
        self._count = 0
        self._file = _open(path)
        if self._file.frames > LONGEST_S * self._file.samplerate:
            self._file.close()
            raise MediaError(f"cannot play {path}: it is longer than {LONGEST_S // 3600} hours")
        self._resampler = AnyRate(self._file.samplerate, rate_hz)
        expected = self._file.frames * rate_hz // self._file.samplerate
        self._buffer: Samples = np.empty(max(expected, rate_hz), np.int16)

    @property
    def samples(self) -> Samples:
        """What is decoded so far, int16, shape (n,)."""
        return self._buffer[: self._count]

    def decode_piece(self) -> None:
        """Decode a tenth of a second more, if there is more."""
        if self.is_whole:
            return
        wanted = int(_PIECE_S * self._file.samplerate)
        try:
            read = self._file.read(wanted, dtype="float32", always_2d=True)
        except (RuntimeError, OSError) as error:
            self.failure = f"cannot play {self.path} to its end: {error}"
            read = np.zeros((0, 1), np.float32)
        self.is_whole = len(read) < wanted
        self._keep(self._resampler.resample(read.mean(axis=1, dtype=np.float32), last=self.is_whole))
        if self.is_whole:
            self._file.close()

    def decode_all(self) -> Samples:
        """Decode the rest and return all of it."""
        while not self.is_whole:
            self.decode_piece()
        return self.samples

    def close(self) -> None:
        """Decode no more."""
        self.is_whole = True
        self._file.close()

    def _keep(self, sound: npt.NDArray[np.float32]) -> None:
        count = self._count + len(sound)
        if count > LONGEST_S * self.rate_hz:
            self.failure = f"cannot play {self.path} to its end: it is longer than {LONGEST_S // 3600} hours"
            self.is_whole = True
            return
        if count > len(self._buffer):
            grown = np.empty(2 * count, np.int16)
            grown[: self._count] = self.samples
            self._buffer = grown
        self._buffer[self._count : count] = np.clip(np.rint(32768 * sound), -32768, 32767)
        self._count = count


class SoundFiles:
    """The files that a worker plays and has played.

    Args:
        kept_octets: room for decoded sound; files that are played are kept even beyond it.
    """

    def __init__(self, kept_octets: int = KEPT_OCTETS) -> None:
        self._kept_octets = kept_octets
        self._files: OrderedDict[_Key, SoundFile] = OrderedDict()
        self._users: dict[int, int] = {}
        self._unfinished: list[SoundFile] = []

    def open(self, path: str, rate_hz: int) -> SoundFile:
        """Return a file, kept or newly opened; :meth:`release` it when it is not played any more.

        Raises:
            MediaError: it cannot be played; the text names the file and the reason.
        """
        key = _key(path, rate_hz)
        found = self._files.get(key)
        if found is None:
            found = SoundFile(path, rate_hz)
            self._files[key] = found
            self._unfinished.append(found)
            found.decode_piece()
        self._files.move_to_end(key)
        self._users[id(found)] = self._users.get(id(found), 0) + 1
        return found

    def release(self, file: SoundFile) -> None:
        """Say that somebody plays it no more."""
        self._users[id(file)] -= 1
        if not self._users[id(file)]:
            del self._users[id(file)]

    def work(self) -> None:
        """Decode a piece of one of the files that are not whole, and make room; call it every tick."""
        if not self._unfinished:
            return
        file = self._unfinished.pop(0)
        file.decode_piece()
        if not file.is_whole:
            self._unfinished.append(file)
        else:
            self._make_room()

    @property
    def octets(self) -> int:
        """What the kept files take."""
        return sum(file.samples.nbytes for file in self._files.values())

    def _make_room(self) -> None:
        excess = self.octets - self._kept_octets
        for key, file in list(self._files.items()):
            if excess <= 0:
                return
            if id(file) not in self._users:
                del self._files[key]
                if not file.is_whole:
                    self._unfinished.remove(file)
                    file.close()
                excess -= file.samples.nbytes


def _key(path: str, rate_hz: int) -> _Key:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot play {path}: {getattr(error, 'strerror', None) or error}") from error
    return _Key(path, status.st_mtime_ns, status.st_size, rate_hz)


def _open(path: str) -> soundfile.SoundFile:
    try:
        return _Straight(path)
    except soundfile.LibsndfileError as error:
        raise MediaError(f"cannot play {path}: {error.error_string}") from error
    except (OSError, RuntimeError, TypeError) as error:
        raise MediaError(f"cannot play {path}: {error}") from error
