"""The state of all legs' RTP, one row a leg, as matrices that a tick works on at once.

The octets of a row's packet lie at ``octets[row]``. Its first twelve, the RTP header of RFC 3550 §5.1, are seen a
second time as three words: version to sequence number, timestamp, SSRC. Here stands only what relaying needs; what is
counted is in :mod:`softswitch.media.worker.ledger`.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.loops.found import Loops

PACKET_OCTETS: Final = 2048
"""Room for a packet; one that fills it was cut and is dropped."""
HEADER_OCTETS: Final = 12
NEVER: Final = 1 << 62
"""A tick that does not come."""
NO_PACKET: Final = -(1 << 60)
"""What :meth:`Rows.last` gives where nothing came yet."""
SHAPE: Final = 0xFF7F_0000
"""What of a header's first word stays from packet to packet of one kind: not the marker, not the sequence number."""
NO_TYPE: Final = -1
"""In ``maps``: the listener has no payload type for it."""
TYPE_SHIFT: Final = 16
"""Where the payload type stands in a header's first word."""
UNKNOWN, AUDIO, TELEPHONE_EVENT = 0, 1, 2
"""In ``kinds``: what a payload type is on a leg."""
DEFAULT_CLOCK_HZ: Final = 8000
TICK_US: Final = 4000
"""From sweep to sweep: each leg is swept in one of five phases. Against four phases of 5 ms this costs nothing that
can be measured at a thousand legs, and a packet waits half a millisecond less on average."""
FRAME_TICKS: Final = 20_000 // TICK_US
"""Ticks from packet to packet of a phone that sends 20 ms in each, as nearly all do."""
# Rows lie 33 cache lines apart: a power of two would put all headers into the same few sets of the cache.
_STRIDE_OCTETS: Final = PACKET_OCTETS + 64
_HEADERS_APART: Final = _STRIDE_OCTETS // HEADER_OCTETS
_NETWORK_WORD: Final = np.dtype(">u4")

Words = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.intp]
Lengths = npt.NDArray[np.int64]


class To:
    """Columns of ``sending``: what a listener's packets are made with."""

    SSRC: Final = 0
    STREAM: Final = 1
    """The source's stream for which the two shifts hold."""
    SEQUENCE_SHIFT: Final = 2
    """Added to the source's sequence numbers, modulo 2**16."""
    TIMESTAMP_SHIFT: Final = 3
    """Added to the source's timestamps, modulo 2**32."""
    CONNECTED: Final = 4
    """1 where packets leave by the connected socket."""
    TYPE: Final = 5
    """The payload type, in its place, in which it gets the source's sound; NO_TYPE where it gets none."""
    COLUMNS: Final = 6


class Known:
    """Columns of ``known``, for a source: its last packet, and how the next ones of its kind become the listener's.

    The first three stand as the words of a header do.
    """

    HEAD: Final = 0
    ROOM: Final = 1
    """A payload of the known kind has at most so many octets; 0 where something has changed and all must be looked up.
    """
    SSRC: Final = 2
    HEAD_SHIFT: Final = 3
    """In its lower half what is added to the sequence number, in its upper half what is added to the payload type."""
    TIMESTAMP_SHIFT: Final = 4
    SSRC_SHIFT: Final = 5
    LISTENER: Final = 6
    """Its row, or that of nobody."""
    COLUMNS: Final = 8


class Rows:
    """Matrices over all legs of a worker; a leg has the same row as long as it lives.

    One more row than there are legs stands for nobody: no payload type is mapped for it.

    Args:
        capacity: the most legs that there can be.
        loops: what there is of :mod:`softswitch.media.loops`; None to do without.
    """

    def __init__(self, capacity: int, loops: Loops | None = None) -> None:
        self.capacity = capacity
        self.loops = loops
        self.nobody = capacity
        self._free = list(range(capacity))
        self._in_use: set[int] = set()
        self.used = 0
        """One above the highest row in use."""
        self.octets = np.zeros((capacity, _STRIDE_OCTETS), np.uint8)
        # All octets in pieces as long as a header: of a view with gaps ``take`` would copy every row, each time.
        self._headers = self.octets.reshape(-1).view(np.dtype((np.void, HEADER_OCTETS)))
        self.due = np.full(capacity, NEVER, np.int64)
        """The tick at which the row is swept next."""
        self.period = np.full(capacity, FRAME_TICKS, np.int64)
        """Ticks between two packets of the phone."""
        self.empty_sweeps = np.zeros(capacity, np.int64)
        """Sweeps without a packet since the last one, not counting one that was made early on purpose."""
        self.tardy = np.zeros(capacity, np.int64)
        """Late packets since the last probe of the phase."""
        self.kinds = np.zeros((capacity, 128), np.uint8)
        """By payload type: UNKNOWN, AUDIO or TELEPHONE_EVENT."""
        self.maps = np.full((capacity + 1, 128), NO_TYPE, np.int32)
        """For a listener, its source's payload type to its own, shifted to its place in the header's first word."""
        self.clock_hz = np.full(capacity, DEFAULT_CLOCK_HZ, np.int64)
        """The RTP clock of the phone's formats."""
        self.known = np.zeros((capacity, Known.COLUMNS), np.uint32)
        """The columns of :class:`Known`: half a cache line holds all that relaying a usual packet needs."""
        self.stream = np.zeros(capacity, np.int64)
        """A number that is new with each stream of packets (SSRC or a jump in sequence); 0 before the first."""
        self.sending = np.zeros((capacity + 1, To.COLUMNS), np.int64)
        """For a listener, the columns of :class:`To`."""
        self.sending[self.nobody, To.TYPE] = NO_TYPE
        self.refused = np.zeros(capacity, np.int64)
        """Packets that were a stranger's, malformed, or of no negotiated type."""
        self.failed = np.zeros(capacity, np.int64)
        """Packets that could not be sent."""
        self.connected: set[int] = set()
        """The rows with a connected socket: those that are swept."""

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

    def connect(self, row: int) -> None:
        """Sweep a row from now on, and let packets leave by its connected socket."""
        self.due[row] = 0
        self.sending[row, To.CONNECTED] = 1
        self.connected.add(row)

    def disconnect(self, row: int) -> None:
        """Let no packet leave by a row's connected socket any more, and do not sweep it."""
        if row not in self.connected:
            return
        self.due[row] = NEVER
        self.sending[row, To.CONNECTED] = 0
        self.known[self.known[:, Known.LISTENER] == row, Known.ROOM] = 0
        self.connected.discard(row)

    def last(self, rows: Indices) -> npt.NDArray[np.int64]:
        """Return SSRC and, in the lowest 16 bits, sequence number of the last packets of these rows."""
        known = self.known.take(rows, axis=0).astype(np.int64)
        keys = (known[:, Known.SSRC] << 16) | (known[:, Known.HEAD] & 0xFFFF)
        return np.where(self.stream[rows] == 0, NO_PACKET, keys)

    def due_at(self, tick: int) -> Indices:
        """Return the rows to sweep at this tick."""
        if self.loops is None:
            return (self.due[: self.used] <= tick).nonzero()[0]
        rows = np.empty(self.used, np.intp)
        return rows[: self.loops.due_rows(self.due, self.used, tick, rows)]

    def read_headers(self, rows: Indices) -> Words:
        """Return the three words of the headers in these rows, shape (n, 3)."""
        return self._headers.take(rows * _HEADERS_APART).view(_NETWORK_WORD).reshape(-1, 3).astype(np.uint32)

    def write_headers(self, rows: Indices, words: Words) -> None:
        """Write the three words of headers into these rows."""
        self._headers[rows * _HEADERS_APART] = words.astype(_NETWORK_WORD).view(self._headers.dtype)[:, 0]

    def _reset(self, row: int) -> None:
        self.due[row] = NEVER
        self.period[row] = FRAME_TICKS
        self.kinds[row] = UNKNOWN
        self.maps[row] = NO_TYPE
        self.clock_hz[row] = DEFAULT_CLOCK_HZ
        self.known[row] = 0
        self.sending[row] = 0
        self.empty_sweeps[row] = self.tardy[row] = self.stream[row] = self.refused[row] = self.failed[row] = 0
