"""WAV files that are whole at every moment: sound is written first, then the header that tells of it.

Several processes may write into one file, each its own channels: whoever writes has the file for itself meanwhile, and
begins with what stands there.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_MOST_OCTETS: Final = 0xFFFF_FFFF - 36

Frames = npt.NDArray[np.int16]
"""Shape (frames, channels)."""
Piece = tuple[int, int, npt.NDArray[np.int16]]
"""Where sound of one channel begins, in frames; the channel; the samples."""


def header_of(rate_hz: int, channels: int, octets: int) -> bytes:
    """Return the header of a file with so many octets of 16-bit PCM (RIFF, WAVE, ``fmt `` of PCM)."""
    octets = min(octets, _MOST_OCTETS)
    frame = 2 * channels
    return HEADER.pack(
        b"RIFF", 36 + octets, b"WAVE", b"fmt ", 16, 1, channels, rate_hz, rate_hz * frame, frame, 16, b"data", octets
    )


class WavFile:
    """A file that grows; one that is there already goes on as what it is.

    Args:
        path: of the file; its folder is made.
        channels: that it gets.
        rate_hz: samples a second that it gets.

    Raises:
        OSError: it cannot be opened or written.

    Attributes:
        rate_hz: samples a second that it has.
        channels: that it has.
    """

    def __init__(self, path: Path, channels: int, rate_hz: int) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.channels, self.rate_hz = channels, rate_hz
        try:
            self._lock(fcntl.LOCK_EX)
            self._begin()
            self._lock(fcntl.LOCK_UN)
        except OSError:
            os.close(self._descriptor)
            raise

    def _begin(self) -> None:
        there = os.pread(self._descriptor, HEADER.size, 0)
        if len(there) == HEADER.size and there[:4] == b"RIFF":
            self.channels, self.rate_hz = HEADER.unpack(there)[6:8]
        else:
            _write(self._descriptor, header_of(self.rate_hz, self.channels, 0), 0)

    @property
    def frames(self) -> int:
        """How long it is."""
        return max(0, os.fstat(self._descriptor).st_size - HEADER.size) // (2 * self.channels)

    def put(self, pieces: Sequence[Piece]) -> tuple[int, Frames]:
        """Lay pieces down, each in its channel, over what stands there; then tell the length.

        Args:
            pieces: at least one with sound at a place in the file. What lies before the file's beginning is left out.

        Returns:
            Where the first of them begins, and what stands in the file from there to the end of the last.

        Raises:
            OSError: not all of it was written; what was there before is whole.
        """
        first = max(0, min(place for place, _, _ in pieces))
        end = max(place + len(samples) for place, _, samples in pieces)
        sound = np.zeros((max(0, end - first), self.channels), np.int16)
        self._lock(fcntl.LOCK_EX)
        try:
            there = self._read(first, sound)
            sound[: len(there)] = there
            for place, channel, samples in pieces:
                said = samples[max(0, first - place) :]
                at = max(place, first) - first
                sound[at : at + len(said), channel] = said
            self._put(first, sound.astype("<i2", copy=False).data, len(sound), len(there))
        finally:
            self._lock(fcntl.LOCK_UN)
        return first, sound

    def fill_in(self, first: int, sound: memoryview, there: memoryview, keep: Callable[[int], None]) -> None:
        """Do the same with sound that is laid out already.

        Args:
            first: its place in the file.
            sound: the samples.
            there: room for as many: what stands in the file.
            keep: puts so many frames of that to where there is nothing in ``sound``, and silence behind them.

        Raises:
            OSError: not all of it was written; what was there before is whole.
        """
        self._lock(fcntl.LOCK_EX)
        try:
            count = os.preadv(self._descriptor, [there], self._place(first)) // (2 * self.channels)
            keep(count)
            self._put(first, sound, len(sound) // self.channels, count)
        finally:
            self._lock(fcntl.LOCK_UN)

    def _put(self, first: int, sound: memoryview, frames: int, count: int) -> None:
        """Write sound where so many of its frames stand already, and tell the length."""
        _write(self._descriptor, sound, self._place(first))
        self._tell_length(max(first + frames, self.frames) if count == frames else first + frames)

    def reach(self, frames: int) -> None:
        """Let it be at least so long: fill it up with silence.

        Raises:
            OSError: that cannot be.
        """
        self._set_length(frames, cut=False)

    def end_at(self, frames: int) -> None:
        """Cut it, or fill it up with silence, to this length.

        Raises:
            OSError: that cannot be.
        """
        self._set_length(frames, cut=True)

    def _set_length(self, frames: int, *, cut: bool) -> None:
        self._lock(fcntl.LOCK_EX)
        try:
            if cut or frames > self.frames:
                os.ftruncate(self._descriptor, self._place(frames))
                self._tell_length(frames)
        finally:
            self._lock(fcntl.LOCK_UN)

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)

    def _lock(self, how: int) -> None:
        """Have the file for oneself, or let others write again."""
        fcntl.flock(self._descriptor, how)

    def _read(self, first: int, sound: Frames) -> Frames:
        """Return what stands where sound begins, as far as anything does and as it is long."""
        octets = os.pread(self._descriptor, sound.nbytes, self._place(first))
        count = len(octets) // (2 * self.channels)
        return np.frombuffer(octets, "<i2", count * self.channels).reshape(count, self.channels)

    def _tell_length(self, frames: int) -> None:
        octets = frames * 2 * self.channels
        _write(self._descriptor, header_of(self.rate_hz, self.channels, octets), 0)

    def _place(self, frame: int) -> int:
        return HEADER.size + 2 * self.channels * frame


def _write(descriptor: int, data: bytes | memoryview, place: int) -> None:
    """Write all of it: the system may take a part where the disk is nearly full."""
    count = os.pwrite(descriptor, data, place)
    if count < memoryview(data).nbytes:
        _write(descriptor, memoryview(data).cast("B")[count:], place + count)
