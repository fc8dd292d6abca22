"""Packets of codecs without a fixed length (Opus): decoded as they come, and put into the jitter ring as plain samples.

What was lost is made up when the next packet comes: of what that one tells about the one before it (in-band FEC), else
of the decoder's memory. Where it is too late for its turn the ring drops it; the ring then gives the leg more delay, so
that with lasting losses the correction comes in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from softswitch.media.worker.batch import Batch, Octets
from softswitch.media.worker.mixing.ring import JitterRing
from softswitch.media.worker.rows import HEADER_OCTETS, Rows
from softswitch_codecs import PacketCodec, Samples

_MOST_LOST: Final = 5
"""Packets in a row that are made up; a longer gap is silence."""
_MOST_LATE: Final = 100
_STEP_MS: Final = 20
"""Samples are put into the ring in pieces of this length."""


@dataclass(slots=True)
class _Stream:
    """One phone's packets."""

    number: int
    """Of the stream, as the rows count them."""
    sequence: int
    """Of the last packet."""
    samples: int
    """That it had."""


class Opener:
    """Decodes packets into the ring.

    Args:
        state: the rows.
        ring: gets samples.
        codec: decodes.
        codes: by rate, the ring's code of samples in network order.
    """

    def __init__(self, state: Rows, ring: JitterRing, codec: PacketCodec, codes: dict[int, int]) -> None:
        self._state = state
        self._ring = ring
        self._codec = codec
        self._codes = codes
        self._streams: dict[int, _Stream] = {}
        self._scratch: Octets | None = None
        self.rates: dict[int, int] = {}
        """By row, at which rate it is wanted."""

    def forget(self, row: int) -> None:
        """Let a row's sound begin anew."""
        self._streams.pop(row, None)
        self._codec.forget((row,))

    def put(self, batch: Batch) -> None:
        """Take packets."""
        for place, row in enumerate(batch.rows.tolist()):
            packet = self._state.octets[row, HEADER_OCTETS : int(batch.lengths[place])].tobytes()
            self._take(row, int(batch.heads[place]) & 0xFFFF, int(batch.timestamps[place]), packet)

    def _take(self, row: int, sequence: int, timestamp: int, packet: bytes) -> None:
        rate_hz, number = self.rates.get(row, 8000), int(self._state.stream[row])
        known = self._streams.get(row)
        gap = 0
        if known is not None and known.number == number:
            gap = ((sequence - known.sequence + 0x8000) & 0xFFFF) - 0x8000
            if -_MOST_LATE < gap <= 0:
                return  # what it said was made up already, or it came twice
        try:
            if known is not None and 1 < gap <= _MOST_LOST + 1:
                self._make_up(row, timestamp, packet, gap - 1, known.samples, rate_hz)
            sound = self._codec.decode_packet(row, packet, rate_hz)
        except ValueError:
            self._state.refused[row] += 1
            return
        self._streams[row] = _Stream(number, sequence, len(sound))
        self._into_ring(row, timestamp, sound, rate_hz)

    def _make_up(self, row: int, timestamp: int, packet: bytes, lost: int, samples: int, rate_hz: int) -> None:
        length = samples * self._codec.clock_rate_hz // rate_hz
        for back in range(lost, 0, -1):
            following = packet if back == 1 else None
            sound = self._codec.recover(row, samples, rate_hz, following)
            self._into_ring(row, (timestamp - back * length) & 0xFFFF_FFFF, sound, rate_hz)

    def _into_ring(self, row: int, timestamp: int, sound: Samples, rate_hz: int) -> None:
        if self._scratch is None:
            most = HEADER_OCTETS + 2 * max(self._codes) * _STEP_MS // 1000
            self._scratch = np.zeros((self._state.capacity, most), np.uint8)
        step = rate_hz * _STEP_MS // 1000
        rows, codes = np.array([row], np.intp), np.array([self._codes[rate_hz]], np.uint8)
        streams = self._state.stream[rows]
        for first in range(0, len(sound), step):
            piece = sound[first : first + step].astype(">i2").view(np.uint8)
            self._scratch[row, HEADER_OCTETS : HEADER_OCTETS + len(piece)] = piece
            at = timestamp + first * self._codec.clock_rate_hz // rate_hz
            lengths = np.array([HEADER_OCTETS + len(piece)])
            self._ring.put(self._scratch, rows, codes, np.array([at & 0xFFFF_FFFF]), streams, lengths)
