"""Where packets belong in a recording: by their RTP timestamps, and from stream to stream by when they came.

Within a stream timestamps tell where a packet belongs, whatever the network does to it. Where the stream as a whole
belongs is told by its quickest packet: all others were held up on the way. A phone whose clock runs slower or faster
than ours moves away from that; then the stream is moved after it, a few milliseconds at a time. A phone that does not
count the time of its pauses begins anew behind each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.loops import recording as columns

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

JUMP_US: Final = 200_000
"""A packet that is so much later or earlier than the one before it, by its timestamp, belongs to another time."""
EARLY_US: Final = 4_000
"""Packets that come so much earlier than any before show that those were held up."""
LATE_US: Final = 12_000
"""Packets that all come so much later, round after round, show a clock that runs slower, or a longer way."""
LATE_ROUNDS: Final = 2
_HALF: Final = 1 << 31
_WORD: Final = 0xFFFF_FFFF


_MOST_TRACKS_AT_FIRST: Final = 64


def _row(numbers: Floats) -> memoryview[float]:
    return numbers.data.cast("B").cast("d")


class _Number:
    """A number in a track's row."""

    def __init__(self, column: int) -> None:
        self._column = column

    def __get__(self, track: Track, _: type[Track]) -> int:
        return int(track.row[self._column])

    def __set__(self, track: Track, value: float) -> None:
        track.row[self._column] = value


class Track:
    """What is known of one leg's stream: numbers in a row, which compiled loops read and write, too.

    Args:
        began_us: of the recording.
        rate_hz: of the file.
        row: for the numbers; None for one of its own.
    """

    __slots__ = ("row",)

    began_us = _Number(columns.TRACK_BEGAN_US)
    rate_hz = _Number(columns.TRACK_RATE_HZ)
    clock_hz = _Number(columns.TRACK_CLOCK_HZ)
    stream = _Number(columns.TRACK_STREAM)
    timestamp = _Number(columns.TRACK_TIMESTAMP)
    """Of some packet of the stream."""
    late_rounds = _Number(columns.TRACK_LATE_ROUNDS)
    end = _Number(columns.TRACK_END)
    """Where its sound ends so far, in samples; -1 before the first."""
    sequence = _Number(columns.TRACK_SEQUENCE)
    """Its last packet's number."""
    resumes = _Number(columns.TRACK_RESUMES)
    """1 where the file had sound of it before, from a recorder that is no more; else 0."""

    def __init__(self, began_us: int, rate_hz: int, row: memoryview[float] | None = None) -> None:
        self.row = _row(np.zeros(columns.TRACK_COLUMNS)) if row is None else row
        self.began_us, self.rate_hz, self.clock_hz = began_us, rate_hz, 8000
        self.stream, self.timestamp, self.place, self.late_rounds = -1, 0, 0.0, 0
        self.end, self.sequence, self.resumes = -1, 0, 0

    @property
    def place(self) -> float:
        """Where the packet with that timestamp belongs, in samples of the file."""
        return float(self.row[columns.TRACK_PLACE])

    @place.setter
    def place(self, place: float) -> None:
        self.row[columns.TRACK_PLACE] = place

    def anchor(self, stream: int, timestamp: int, quickest_us: float) -> float:
        """Return where a packet with this timestamp belongs, and remember it.

        Args:
            stream: its stream's number.
            timestamp: 32 bits.
            quickest_us: when it would have come had it been as quick as the quickest of those around it.
        """
        seen = (quickest_us - self.began_us) * self.rate_hz / 1e6
        place = seen
        if stream == self.stream:
            ticks = ((timestamp - self.timestamp + _HALF) & _WORD) - _HALF
            expected = self.place + ticks * self.rate_hz / self.clock_hz
            late_us = (seen - expected) * 1e6 / self.rate_hz
            if not self._moves(late_us):
                place = expected
        self.stream, self.timestamp, self.place = stream, timestamp, place
        return place

    def _moves(self, late_us: float) -> bool:
        if late_us < -EARLY_US or late_us > JUMP_US:
            self.late_rounds = 0
            return True
        self.late_rounds = self.late_rounds + 1 if late_us > LATE_US else 0
        if self.late_rounds < LATE_ROUNDS:
            return False
        self.late_rounds = 0
        return True


class Tracks:
    """Tracks of which each has a slot, and together a matrix.

    Attributes:
        numbers: of all, by slot.
    """

    def __init__(self) -> None:
        self.numbers = np.zeros((_MOST_TRACKS_AT_FIRST, columns.TRACK_COLUMNS))
        self._free = list(range(_MOST_TRACKS_AT_FIRST))
        self._in_use: dict[int, Track] = {}

    def take(self, began_us: int, rate_hz: int) -> tuple[int, Track]:
        """Return a slot and its new track."""
        if not self._free:
            self._grow()
        slot = self._free.pop()
        track = self._in_use[slot] = Track(began_us, rate_hz, _row(self.numbers[slot]))
        return slot, track

    def give_back(self, slot: int) -> None:
        """Let a slot serve another one."""
        del self._in_use[slot]
        self._free.append(slot)

    def _grow(self) -> None:
        before, self.numbers = self.numbers, np.concatenate((self.numbers, np.zeros_like(self.numbers)))
        self._free = list(range(len(before), len(self.numbers)))
        for slot, track in self._in_use.items():
            track.row = _row(self.numbers[slot])


def places(tracks: Sequence[Track], of: Numbers, streams: Numbers, timestamps: Numbers, came_us: Numbers) -> Numbers:
    """Return where packets belong, in samples of their files.

    Args:
        tracks: of legs.
        of: for each packet the index of its track; in order.
        streams: of each packet; those of a track in the order in which they came.
        timestamps: 32 bits.
        came_us: monotonic.
    """
    clocks = np.array([track.clock_hz for track in tracks], np.float64)[of]
    begins = np.ones(len(of), np.bool_)
    begins[1:] = (of[1:] != of[:-1]) | (streams[1:] != streams[:-1])
    ticks, _ = _since_begin(begins, timestamps)
    transit = came_us - ticks * (1e6 / clocks)
    jumps = np.abs(np.diff(transit)) > JUMP_US
    if jumps.any():
        begins[1:] |= jumps
    ticks, starts = _since_begin(begins, timestamps)
    transit = came_us - ticks * (1e6 / clocks)
    quickest = np.minimum.reduceat(transit, starts)
    found = np.array(
        [
            tracks[track].anchor(stream, timestamp, least)
            for track, stream, timestamp, least in zip(
                of[starts].tolist(),
                streams[starts].tolist(),
                timestamps[starts].tolist(),
                quickest.tolist(),
                strict=True,
            )
        ]
    )
    factors = np.array([track.rate_hz for track in tracks], np.float64)[of] / clocks
    lengths = np.diff(np.append(starts, len(of)))
    placed: Numbers = np.rint(np.repeat(found, lengths) + ticks * factors).astype(np.int64)
    return placed


def _since_begin(begins: npt.NDArray[np.bool_], timestamps: Numbers) -> tuple[Numbers, Numbers]:
    """Return how far each timestamp is from that at the last beginning, and where the beginnings are."""
    starts = np.flatnonzero(begins)
    first = np.repeat(timestamps[starts], np.diff(np.append(starts, len(timestamps))))
    ticks: Numbers = ((timestamps - first + _HALF) & _WORD) - _HALF
    return ticks, starts
