"""The state of all legs' RTP, one row a leg, as matrices that a tick works on at once.

The octets of a row's packet lie at ``octets[row]``. Its first twelve, the RTP header of RFC 3550 §5.1, are seen a
second time as three big-endian words in ``words[row]``: version to sequence number, timestamp, SSRC. What is counted
and remembered of a leg stands in two rows of whole numbers, ``incoming[row]`` (from the phone; columns :class:`In`)
and ``outgoing[row]`` (to the phone; columns :class:`Out`): so one gathering reads all of it.
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
DEFAULT_CLOCK_HZ: Final = 8000
DEFAULT_PERIOD_TICKS: Final = 4
# Rows lie 33 cache lines apart: a power of two would put all headers into the same few sets of the cache.
_STRIDE_OCTETS: Final = PACKET_OCTETS + 64
_LONG_AGO_US: Final = -(10**15)

Indices = npt.NDArray[np.intp]
Lengths = npt.NDArray[np.int64]


class In:
    """Columns of ``incoming``."""

    SSRC: Final = 0
    """Of the present stream; -1 before the first."""
    STREAM: Final = 1
    """A number that is new with each stream of packets (SSRC or a jump in sequence); 0 before the first."""
    FIRST: Final = 2
    """Extended sequence number (RFC 3550 A.1) of the stream's first packet."""
    HIGHEST: Final = 3
    """The highest extended sequence number of the stream."""
    RECEIVED: Final = 4
    """Packets of the stream."""
    OCTETS: Final = 5
    """Payload octets of all streams."""
    TRANSIT: Final = 6
    """Arrival less timestamp of the last sound, in timestamp units (RFC 3550 A.8)."""
    JITTER: Final = 7
    """In sixteenths of a timestamp unit."""
    HEARD_AT_US: Final = 8
    CLOCK_HZ: Final = 9
    PERIOD_TICKS: Final = 10
    """Ticks between two packets of the phone."""
    RECEIVED_BEFORE: Final = 11
    LOST_BEFORE: Final = 12
    """Packets received and lost in earlier streams."""
    REFUSED: Final = 13
    COLUMNS: Final = 14


class Out:
    """Columns of ``outgoing``."""

    SSRC: Final = 0
    STREAM: Final = 1
    """The source's stream for which the two shifts hold."""
    SEQUENCE_SHIFT: Final = 2
    TIMESTAMP_SHIFT: Final = 3
    HIGHEST: Final = 4
    """The highest extended sequence number sent."""
    TIMESTAMP: Final = 5
    """Of the last sound, modulo 2**32 as it left."""
    SENT_AT_US: Final = 6
    """When that was."""
    SENT: Final = 7
    OCTETS: Final = 8
    """Payload octets."""
    CONNECTED: Final = 9
    """1 where packets leave by the connected socket."""
    FAILED: Final = 10
    CLOCK_HZ: Final = 11
    COLUMNS: Final = 12


class Rows:
    """Matrices over all legs of a worker; a leg has the same row as long as it lives.

    One more row than there are legs stands for nobody: no payload type is mapped for it.

    Args:
        capacity: the most legs that there can be.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.nobody = capacity
        self._free = list(range(capacity))
        self._in_use: set[int] = set()
        self.used = 0
        """One above the highest row in use."""
        self.octets = np.zeros((capacity, _STRIDE_OCTETS), np.uint8)
        self.words = self.octets[:, :HEADER_OCTETS].view(">u4")
        self.due = np.full(capacity, NEVER, np.int64)
        """The tick at which the row is swept next."""
        self.empty_sweeps = np.zeros(capacity, np.int64)
        """Sweeps without a packet since the last one."""
        self.kinds = np.zeros((capacity, 128), np.uint8)
        """By payload type: UNKNOWN, AUDIO or TELEPHONE_EVENT."""
        self.maps = np.full((capacity + 1, 128), NO_TYPE, np.uint8)
        """For a listener, its source's payload type to its own."""
        self.incoming = np.zeros((capacity, In.COLUMNS), np.int64)
        self.outgoing = np.zeros((capacity + 1, Out.COLUMNS), np.int64)

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

    def received(self, row: int) -> int:
        """Return how many packets of the phone came."""
        incoming = self.incoming[row]
        return int(incoming[In.RECEIVED_BEFORE] + incoming[In.RECEIVED])

    def lost(self, row: int) -> int:
        """Return how many packets of the phone never came (RFC 3550 A.3)."""
        incoming = self.incoming[row]
        if not incoming[In.STREAM]:
            return 0
        expected = incoming[In.HIGHEST] - incoming[In.FIRST] + 1
        return int(incoming[In.LOST_BEFORE] + max(0, expected - incoming[In.RECEIVED]))

    def jitter_rtp(self, row: int) -> float:
        """Return the jitter of the phone's packets in timestamp units."""
        return float(self.incoming[row, In.JITTER]) / 16

    def _reset(self, row: int) -> None:
        self.due[row] = NEVER
        self.empty_sweeps[row] = 0
        self.kinds[row] = UNKNOWN
        self.maps[row] = NO_TYPE
        self.incoming[row] = 0
        self.incoming[row, In.SSRC] = -1
        self.incoming[row, In.HEARD_AT_US] = _LONG_AGO_US
        self.incoming[row, In.CLOCK_HZ] = DEFAULT_CLOCK_HZ
        self.incoming[row, In.PERIOD_TICKS] = DEFAULT_PERIOD_TICKS
        self.outgoing[row] = 0
        self.outgoing[row, Out.SENT_AT_US] = _LONG_AGO_US
        self.outgoing[row, Out.CLOCK_HZ] = DEFAULT_CLOCK_HZ
