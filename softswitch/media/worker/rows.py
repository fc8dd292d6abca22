"""The state of all legs' RTP, one row a leg, as arrays that a tick works on at once.

The octets of a row's packet lie at ``octets[row]``. Its first twelve, the RTP header of RFC 3550 §5.1, are seen a
second time as three big-endian words in ``words[row]``: version to sequence number, timestamp, SSRC.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
import numpy.typing as npt

PACKET_OCTETS: Final = 2048
"""Room for a packet; one that fills it was cut and is dropped."""
HEADER_OCTETS: Final = 12
NEVER: Final = 1 << 62
"""A tick that does not come."""
NO_TYPE: Final = 255
"""In ``maps``: the listener has no payload type for it."""
UNKNOWN, AUDIO, TELEPHONE_EVENT = 0, 1, 2
"""In ``kinds``: what a payload type is on a leg."""
# Rows lie 33 cache lines apart: a power of two would put all headers into the same few sets of the cache.
_STRIDE_OCTETS: Final = PACKET_OCTETS + 64

Indices = npt.NDArray[np.intp]
Lengths = npt.NDArray[np.int64]


class Rows:
    """Arrays over all legs of a worker; a leg has the same row as long as it lives.

    Args:
        capacity: the most legs that there can be.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._free = list(range(capacity))
        self.used = 0
        """One above the highest row in use."""
        self._in_use: set[int] = set()
        self.octets = np.zeros((capacity, _STRIDE_OCTETS), np.uint8)
        self.words = self.octets[:, :HEADER_OCTETS].view(">u4")
        self._make_schedule(capacity)
        self._make_incoming(capacity)
        self._make_outgoing(capacity)

    def _make_schedule(self, capacity: int) -> None:
        self.due = np.full(capacity, NEVER, np.int64)
        """The tick at which the row is swept next."""
        self.period = np.full(capacity, 4, np.int64)
        """Ticks between two packets of the phone."""
        self.empty_sweeps = np.zeros(capacity, np.int64)
        """Sweeps without a packet since the last one."""

    def _make_incoming(self, capacity: int) -> None:
        self.kinds = np.zeros((capacity, 128), np.uint8)
        """By payload type: UNKNOWN, AUDIO or TELEPHONE_EVENT."""
        self.clock_hz = np.full(capacity, 8000.0)
        self.ssrc = np.full(capacity, -1, np.int64)
        """Of the present stream; -1 before the first."""
        self.stream = np.zeros(capacity, np.int64)
        """A number that is new with each stream of packets (SSRC or a jump in sequence); 0 before the first."""
        self.first = np.zeros(capacity, np.int64)
        """Extended sequence number (RFC 3550 A.1) of the stream's first packet."""
        self.highest = np.zeros(capacity, np.int64)
        """The highest extended sequence number of the stream."""
        self.received_in_stream = np.zeros(capacity, np.int64)
        self.lost_before = np.zeros(capacity, np.int64)
        """Packets lost in earlier streams of the leg."""
        self.received = np.zeros(capacity, np.int64)
        self.received_octets = np.zeros(capacity, np.int64)
        self.refused = np.zeros(capacity, np.int64)
        self.transit = np.zeros(capacity, np.uint32)
        """Arrival less timestamp of the last packet, in timestamp units, modulo 2**32 (RFC 3550 A.8)."""
        self.jitter = np.zeros(capacity)
        """In timestamp units."""
        self.heard_at = np.full(capacity, -1e9)

    def _make_outgoing(self, capacity: int) -> None:
        self.connected = np.zeros(capacity, np.bool_)
        """Whether packets to the phone leave by the connected socket."""
        self.maps = np.full((capacity, 128), NO_TYPE, np.uint8)
        """As a listener: its source's payload type to its own."""
        self.out_ssrc = np.zeros(capacity, np.uint32)
        self.out_clock_hz = np.full(capacity, 8000.0)
        self.out_stream = np.zeros(capacity, np.int64)
        """The source's stream for which the shifts below hold."""
        self.sequence_shift = np.zeros(capacity, np.int64)
        self.timestamp_shift = np.zeros(capacity, np.uint32)
        self.out_highest = np.zeros(capacity, np.int64)
        self.out_timestamp = np.zeros(capacity, np.uint32)
        """Timestamp of the last audio packet, sent at ``out_at``."""
        self.out_at = np.full(capacity, -1e9)
        self.sent = np.zeros(capacity, np.int64)
        self.sent_octets = np.zeros(capacity, np.int64)
        self.send_failures = np.zeros(capacity, np.int64)

    def take(self) -> int:
        """Give out the lowest free row, with its state as new."""
        row = heapq.heappop(self._free)
        self._in_use.add(row)
        self.used = max(self.used, row + 1)
        self._reset(row)
        return row

    def give_back(self, row: int) -> None:
        """Take a row back that no descriptor belongs to any more."""
        self.due[row] = NEVER
        self._in_use.remove(row)
        heapq.heappush(self._free, row)
        while self.used and self.used - 1 not in self._in_use:
            self.used -= 1

    def due_at(self, tick: int) -> Indices:
        """Return the rows to sweep at this tick."""
        return np.flatnonzero(self.due[: self.used] <= tick)

    def lost(self, row: int) -> int:
        """Return how many packets of the phone never came (RFC 3550 A.3)."""
        if not self.stream[row]:
            return 0
        expected = self.highest[row] - self.first[row] + 1
        return int(self.lost_before[row] + max(0, expected - self.received_in_stream[row]))

    def _reset(self, row: int) -> None:
        self.due[row] = NEVER
        self.period[row] = 4
        self.clock_hz[row] = self.out_clock_hz[row] = 8000.0
        self.heard_at[row] = self.out_at[row] = -1e9
        self.ssrc[row] = -1
        self.maps[row] = NO_TYPE
        for zeroed in (
            self.kinds,
            self.empty_sweeps,
            self.stream,
            self.first,
            self.highest,
            self.received_in_stream,
            self.lost_before,
            self.received,
            self.received_octets,
            self.refused,
            self.transit,
            self.jitter,
            self.connected,
            self.out_ssrc,
            self.out_stream,
            self.sequence_shift,
            self.timestamp_shift,
            self.out_highest,
            self.out_timestamp,
            self.sent,
            self.sent_octets,
            self.send_failures,
        ):
            zeroed[row] = 0
