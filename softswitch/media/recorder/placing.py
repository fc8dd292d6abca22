"""Where packets belong in a recording: by their RTP timestamps, and from stream to stream by when they came.

Within a stream timestamps tell where a packet belongs, whatever the network does to it. Where the stream as a whole
belongs is told by its quickest packet: all others were held up on the way. A phone whose clock runs slower or faster
than ours moves away from that; then the stream is moved after it, a few milliseconds at a time. A phone that does not
count the time of its pauses begins anew behind each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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


@dataclass(slots=True)
class Track:
    """What is known of one leg's stream."""

    began_us: int
    """Of the recording."""
    rate_hz: int
    """Of the file."""
    clock_hz: int = 8000
    stream: int = -1
    timestamp: int = 0
    """Of some packet of the stream."""
    place: float = 0.0
    """Where that belongs, in samples of the file."""
    late_rounds: int = 0

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
