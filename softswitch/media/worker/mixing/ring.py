"""The jitter ring: packets of all legs wait here until it is their turn to be heard.

A leg's ring has cells of 10 ms, found by timestamp and not by sequence number: so packets of any length share it,
reordering and duplicates need no care, and a pause (DTX) is a stretch of empty cells. What is played moves by two
cells a frame of 20 ms, whatever comes. A packet's *offset* says how many cells before its turn it came; the least
offset of the last two seconds says how much delay the leg could do without, or needs more. The ring then holds back
or leaves out one cell: thereby it also follows a phone whose clock runs slower or faster than ours.

:class:`tests.fuzz.ring_model.ScalarRing` is the same for one leg, packet by packet, and says the rules in plain words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from softswitch.media.loops.found import Loops
from softswitch.media.worker.batch import Mask, Numbers, Octets
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Lengths

CELL_MS: Final = 10
FRAME_CELLS: Final = 2
"""Cells that a tick of 20 ms takes."""
CELLS: Final = 64
"""Of a leg: half for what is to come, half to know what was played already."""
AHEAD: Final = CELLS // 2
"""A packet that comes this many cells early belongs to another time."""
START: Final = 2
"""Cells between the first packet of a stream and its turn."""
LEAST, SPARE = 1, 3
"""A leg whose least offset falls below the one gets a cell more delay; from the other on it gets a cell less."""
MOST_DELAY: Final = 20
"""Cells of offset beyond which delay is not raised any more."""
WINDOW: Final = 100
"""Frames after which a leg's delay is judged."""
LATE_PACKETS: Final = 2
"""So many late packets in a window, and delay is raised at once."""
ASTRAY: Final = 4
"""So many packets one after the other that are out of the ring's time, and the leg begins anew."""
QUIET: Final = 10
"""After so many empty cells a packet that is out of the ring's time makes the leg begin anew at once."""

EMPTY, PLAYED = 0, 255
"""In :attr:`JitterRing.codes`, beside codecs."""
_NEVER: Final = 1 << 40
_WORD: Final = 0xFFFF_FFFF
_HALF: Final = 1 << 31
_FRAME: Final = np.arange(FRAME_CELLS)
_WORD_OCTETS: Final = 4


class Taken(NamedTuple):
    """A frame of several legs."""

    codes: Octets
    """Shape (n, 2): what each cell holds; EMPTY where nothing came in time."""
    slots: Indices
    """Shape (n, 2): where, for :meth:`JitterRing.payloads`; also where nothing is."""
    skipped: Indices
    """Places among the n of legs that left out a cell before this frame."""


class JitterRing:
    """The rings of all legs.

    Args:
        rows: how many legs there can be.
        cell_octets: by code (1 to 254) of a codec, the octets of its cell.
        loops: compiled ones for what is as usual; None to do without.
    """

    def __init__(self, rows: int, cell_octets: Mapping[int, int], loops: Loops | None = None) -> None:
        self._loops = loops
        self.codes = np.zeros((rows, CELLS), np.uint8)
        """By leg and cell: the code of the codec, EMPTY or PLAYED."""
        self.octets = np.zeros(256, np.int64)
        """By code: octets of a cell."""
        for code, octets in cell_octets.items():
            self.octets[code] = octets
        self._stores = {octets: np.zeros((rows * CELLS, octets), np.uint8) for octets in set(cell_octets.values())}
        self._flat = self.codes.reshape(-1)
        self._units = np.full(rows, 80, np.int64)
        """Timestamp units of a cell."""
        self._head = np.zeros(rows, np.int64)
        """Number of the cell whose turn is next."""
        self._turn = np.zeros(rows, np.int64)
        """Its timestamp."""
        self._stream = np.zeros(rows, np.int64)
        self._least = np.full(rows, _NEVER, np.int64)
        self._most = np.full(rows, -_NEVER, np.int64)
        self._shift = np.zeros(rows, np.int64)
        """Cells to leave out before the next frame, 1, or to hold back, -1."""
        self._late = np.zeros(rows, np.int64)
        self._astray = np.zeros(rows, np.int64)
        self._empty = np.full(rows, QUIET, np.int64)
        """Empty cells since the last full one."""
        self.late = np.zeros(rows, np.int64)
        """Packets that came after their turn."""
        self.missing = np.zeros(rows, np.int64)
        """Cells that were empty in their turn while packets came before and after: no pause, but a loss."""
        self._frame = 0

    def open(self, row: int, clock_hz: int) -> None:
        """Begin with an empty ring; ``clock_hz`` is that of the timestamps."""
        self.codes[row] = EMPTY
        self._units[row] = _units(clock_hz)
        self._head[row] = self._turn[row] = self._stream[row] = self._shift[row] = 0
        self._least[row], self._most[row] = _NEVER, -_NEVER
        self._late[row] = self._astray[row] = self.late[row] = self.missing[row] = 0
        self._empty[row] = QUIET

    def counts_at(self, row: int, clock_hz: int) -> bool:
        """Tell whether a leg's ring was opened for timestamps of this clock."""
        return int(self._units[row]) == _units(clock_hz)

    def put(
        self, packets: Octets, rows: Indices, codes: Octets, timestamps: Numbers, streams: Numbers, lengths: Lengths
    ) -> None:
        """Put packets into the rings.

        Args:
            packets: shape (all rows, octets): the packets, header and all, each in its row.
            rows: each once.
            codes: of the packets' codecs.
            timestamps: 32 bits.
            streams: a number that is new with each stream of the leg (SSRC, or a jump in sequence); never 0.
            lengths: their octets.
        """
        if self._loops is not None and self._put_alike(self._loops, packets, rows, codes, timestamps, streams, lengths):
            return
        units = self._units[rows]
        fresh = self._stream[rows] != streams
        if fresh.any():
            self._begin(rows[fresh], timestamps[fresh])
            self._stream[rows[fresh]] = streams[fresh]
        offsets = (((timestamps - self._turn[rows] + _HALF) & _WORD) - _HALF) // units
        low = int(offsets.min())
        if low < 0 or int(offsets.max()) >= AHEAD:
            kept = self._place_odd(rows, offsets, timestamps)
            rows, codes, offsets, lengths = rows[kept], codes[kept], offsets[kept], lengths[kept]
        else:
            self._astray[rows] = 0
        if rows.size:
            self._least[rows] = np.minimum(self._least[rows], offsets)
            self._most[rows] = np.maximum(self._most[rows], offsets)
            self._store(rows, codes, offsets, packets, lengths)

    def _put_alike(self, loops: Loops, packets: Octets, rows: Indices, codes: Octets, *columns: Numbers) -> bool:
        """Put packets into the rings where machine code is there for it; False where they are not as usual."""
        store = self._stores[int(self.octets[codes[0]])] if rows.size else packets
        if not rows.size or store.shape[1] % _WORD_OCTETS or packets.shape[1] % _WORD_OCTETS:
            return False
        timestamps, streams, lengths = map(np.ascontiguousarray, columns)
        of_rows = self._units, self._turn, self._stream, self._head, self._least, self._most, self._astray
        in_words = packets.view(np.uint32), store.view(np.uint32)
        given = rows, codes, timestamps, streams, lengths, CELLS, AHEAD
        return bool(loops.put_alike(in_words[0], *given, *of_rows, self._flat, in_words[1]))

    def take(self, rows: Indices) -> Taken:
        """Take the next frame of each of these legs: all of them, once every 20 ms.

        Args:
            rows: each once.
        """
        if self._loops is not None and (whole := self._take_whole(self._loops, rows)) is not None:
            return whole
        shift = self._shift[rows]
        skipped = np.flatnonzero(shift > 0)
        first = self._head[rows]
        moves = shift.any()
        if moves:
            self._flat[rows[skipped] * CELLS + (first[skipped] & (CELLS - 1))] = EMPTY
            first += shift
            self._shift[rows] = 0
        self._head[rows] = first + FRAME_CELLS
        self._turn[rows] += (shift + FRAME_CELLS) * self._units[rows]
        slots = (rows * CELLS)[:, None] + ((first[:, None] + _FRAME) & (CELLS - 1))
        codes = self._flat.take(slots)
        full = (codes != EMPTY) & (codes != PLAYED)
        if full.all():
            self._flat[slots] = PLAYED
        else:
            codes[~full] = EMPTY
            self._flat[slots] = np.where(full, PLAYED, EMPTY)
        self._count_empty(rows, full)
        self._judge(rows)
        return Taken(codes, slots, skipped)

    def _take_whole(self, loops: Loops, rows: Indices) -> Taken | None:
        """Take a frame where machine code is there for it; None where something is missing or moves."""
        codes, slots = np.empty((len(rows), FRAME_CELLS), np.uint8), np.empty((len(rows), FRAME_CELLS), np.intp)
        of_rows = self._head, self._turn, self._units, self._shift, self._empty
        if not loops.take_whole(rows, CELLS, EMPTY, PLAYED, *of_rows, self._flat, codes, slots):
            return None
        self._judge(rows)
        return Taken(codes, slots, rows[:0])

    def empty_cells(self, rows: Indices) -> Numbers:
        """Return how many cells were empty since the last full one."""
        empty: Numbers = self._empty[rows]
        return empty

    def cells(self, code: int) -> Octets:
        """Return all cells of codecs of this length, shape (cells, octets)."""
        return self._stores[int(self.octets[code])]

    def payloads(self, code: int, slots: Indices) -> Octets:
        """Return what lies in cells of one codec, shape (*slots.shape, octets)."""
        return self._stores[int(self.octets[code])][slots]

    def _begin(self, rows: Indices, timestamps: Numbers) -> None:
        self.codes[rows] = EMPTY
        self._turn[rows] = timestamps - START * self._units[rows]
        self._least[rows], self._most[rows] = _NEVER, -_NEVER
        self._shift[rows] = self._late[rows] = self._astray[rows] = 0

    def _place_odd(self, rows: Indices, offsets: Numbers, timestamps: Numbers) -> Mask:
        """See to packets that are late or out of time; return which are kept, their offsets put right.

        A leg begins anew when nothing of it waits, or nothing else comes any more.
        """
        past = offsets < 0
        known = past & (offsets >= -AHEAD)
        slots = rows * CELLS + ((self._head[rows] + offsets) & (CELLS - 1))
        duplicate = known & (self._flat[slots] == PLAYED)
        late = past & ~duplicate
        self._raise_delay(rows[late & known])
        self.late[rows[late]] += 1
        astray = late | (offsets >= AHEAD)
        self._astray[rows] = np.where(astray, self._astray[rows] + 1, np.where(past, self._astray[rows], 0))
        lost = astray & ((self._astray[rows] >= ASTRAY) | ((self._empty[rows] >= QUIET) & ~known))
        if lost.any():
            self._begin(rows[lost], timestamps[lost])
            offsets[lost] = START
        kept: Mask = lost | ~(duplicate | (offsets >= AHEAD) | (offsets < -AHEAD))
        return kept

    def _raise_delay(self, rows: Indices) -> None:
        self._late[rows] += 1
        raised = rows[(self._late[rows] >= LATE_PACKETS) & (self._most[rows] < MOST_DELAY)]
        self._shift[raised] = -1

    def _store(self, rows: Indices, codes: Octets, offsets: Numbers, packets: Octets, lengths: Lengths) -> None:
        octets = self.octets[codes]
        counts = np.minimum((lengths - HEADER_OCTETS) // octets, AHEAD - offsets)
        first, most = codes[0], int(counts.max())
        slots = self._head[rows] + offsets
        if most == int(counts.min()) and int(offsets.min()) >= 0 and (codes == first).all():
            self._store_alike(rows, int(first), slots, packets, most)
            return
        for code in np.unique(codes).tolist():
            for cell in range(most):
                there = (codes == code) & (counts > cell) & (offsets + cell >= 0)
                if there.any():
                    self._store_cell(rows[there], code, slots[there], packets, cell)

    def _store_alike(self, rows: Indices, code: int, numbers: Numbers, packets: Octets, count: int) -> None:
        octets = int(self.octets[code])
        cells = packets[rows, HEADER_OCTETS : HEADER_OCTETS + count * octets]
        base = rows * CELLS
        store = self._stores[octets]
        for cell in range(count):
            slots = base + ((numbers + cell) & (CELLS - 1))
            store[slots] = cells[:, cell * octets : (cell + 1) * octets]
            self._flat[slots] = code

    def _store_cell(self, rows: Indices, code: int, numbers: Numbers, packets: Octets, cell: int) -> None:
        octets = int(self.octets[code])
        begin = HEADER_OCTETS + cell * octets
        slots = rows * CELLS + ((numbers + cell) & (CELLS - 1))
        self._stores[octets][slots] = packets[rows, begin : begin + octets]
        self._flat[slots] = code

    def _count_empty(self, rows: Indices, full: Mask) -> None:
        empty = self._empty[rows]
        if full.all() and not empty.any():
            return
        for cell in full.T:
            self.missing[rows] += np.where(cell & (empty < QUIET), empty, 0)
            empty = np.where(cell, 0, empty + 1)
        self._empty[rows] = empty

    def _judge(self, rows: Indices) -> None:
        """Set right the delay of the legs whose window is over; legs take turns in it."""
        self._frame += 1
        due = rows[(rows + self._frame) % WINDOW == 0]
        if due.size:
            least = self._least[due]
            more = (least < LEAST) & (self._most[due] < MOST_DELAY)
            less = (least >= SPARE) & (least < _NEVER)
            self._shift[due] = np.where(more, -1, np.where(less, 1, 0))
            self._least[due], self._most[due] = _NEVER, -_NEVER
            self._late[due] = 0


def _units(clock_hz: int) -> int:
    """Return the timestamp units of a cell; at least one, however slow a clock a phone has described."""
    return max(1, clock_hz * CELL_MS // 1000)
