"""The state of all legs' RTP, one row a leg, as matrices that a tick works on at once.

The octets of a row's packet lie at ``octets[row]``. Its first twelve, the RTP header of RFC 3550 §5.1, are seen a
second time as three words: version to sequence number, timestamp, SSRC. What is counted
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
NO_TYPE: Final = -1
"""In ``maps``: the listener has no payload type for it."""
TYPE_SHIFT: Final = 16
"""Where the payload type stands in a header's first word."""
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
    """Octets of all streams, headers included."""
    TRANSIT: Final = 6
    """Arrival less timestamp of the last sound, in timestamp units (RFC 3550 A.8)."""
    JITTER: Final = 7
    """In sixteenths of a timestamp unit."""
    HEARD_AT_US: Final = 8
    CLOCK_HZ: Final = 9
    RECEIVED_BEFORE: Final = 10
    LOST_BEFORE: Final = 11
    """Packets received and lost in earlier streams."""
    REFUSED: Final = 12
    COLUMNS: Final = 13


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
    """Of the last sound; its lowest 32 bits are what was sent."""
    SENT_AT_US: Final = 6
    """When that was."""
    SENT: Final = 7
    OCTETS: Final = 8
    """Headers included."""
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
        self._headers = self.octets[:, :HEADER_OCTETS].view(np.dtype((np.void, HEADER_OCTETS)))[:, 0]
        self.due = np.full(capacity, NEVER, np.int64)
        """The tick at which the row is swept next."""
        self.period = np.full(capacity, DEFAULT_PERIOD_TICKS, np.int64)
        """Ticks between two packets of the phone."""
        self.empty_sweeps = np.zeros(capacity, np.int64)
        """Sweeps without a packet since the last one."""
        self.kinds = np.zeros((capacity, 128), np.uint8)
        """By payload type: UNKNOWN, AUDIO or TELEPHONE_EVENT."""
        self.maps = np.full((capacity + 1, 128), NO_TYPE, np.int32)
        """For a listener, its source's payload type to its own, shifted to its place in the header's first word."""
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

    def read_headers(self, rows: Indices) -> npt.NDArray[np.int64]:
        """Return the three words of the headers in these rows, shape (n, 3)."""
        return self._headers.take(rows).view(">u4").reshape(-1, 3).astype(np.int64)

    def write_headers(
        self,
        rows: Indices,
        heads: npt.NDArray[np.int64],
        timestamps: npt.NDArray[np.int64],
        ssrcs: npt.NDArray[np.int64],
    ) -> None:
        """Write headers into these rows; of each word the lowest 32 bits."""
        words = np.empty((len(rows), 3), ">u4")
        words[:, 0], words[:, 1], words[:, 2] = heads, timestamps, ssrcs
        self._headers[rows] = words.view(self._headers.dtype)[:, 0]

    def received(self, row: int) -> int:
        """Return how many packets of the phone came."""
        incoming = self.incoming[row]
        return int(incoming[In.RECEIVED_BEFORE] + incoming[In.RECEIVED])

    def received_octets(self, row: int) -> int:
        """Return how many octets of payload came."""
        return int(self.incoming[row, In.OCTETS]) - HEADER_OCTETS * self.received(row)

    def sent_octets(self, row: int) -> int:
        """Return how many octets of payload were sent."""
        return int(self.outgoing[row, Out.OCTETS] - HEADER_OCTETS * self.outgoing[row, Out.SENT])

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
        self.period[row] = DEFAULT_PERIOD_TICKS
        self.outgoing[row] = 0
        self.outgoing[row, Out.SENT_AT_US] = _LONG_AGO_US
        self.outgoing[row, Out.CLOCK_HZ] = DEFAULT_CLOCK_HZ
