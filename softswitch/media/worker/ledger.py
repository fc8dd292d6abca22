"""What every leg received and sent, counted after the packets have left.

A packet is relayed at once and noted; the notes of several sweeps are counted together a little later. That makes the
sweep shorter, and an operation on twenty times as many packets costs little more. Whoever reads a number here gets it
with everything counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.worker.batch import Mask, Numbers
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Lengths, Rows, Words
from softswitch.rtp.loss_pattern import LossPattern

_LONG_AGO_US: Final = -(10**15)


class In:
    """Columns of what came from the phone."""

    SSRC: Final = 0
    STREAM: Final = 1
    """0 before the first packet."""
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
    RECEIVED_BEFORE: Final = 9
    LOST_BEFORE: Final = 10
    """Packets received and lost in earlier streams."""
    COLUMNS: Final = 11


class Out:
    """Columns of what went to the phone."""

    SEQUENCE: Final = 0
    """The last sequence number sent, 16 bits."""
    TIMESTAMP: Final = 1
    """Of the last sound; its lowest 32 bits are what was sent."""
    SENT_AT_US: Final = 2
    """When that was."""
    SENT: Final = 3
    OCTETS: Final = 4
    """Headers included."""
    COLUMNS: Final = 5


class Note(NamedTuple):
    """Packets that were received or sent."""

    rows: Indices
    heads: Numbers | Words
    """First words of their headers."""
    timestamps: Numbers | Words
    lengths: Lengths
    sound: Mask | None
    """Which of them are sound; None for all."""
    now_us: int | Numbers

    def only(self, wanted: Mask) -> Note:
        """Return the packets where ``wanted`` is true; all of them were noted at one time."""
        sound = None if self.sound is None else self.sound[wanted]
        return Note(
            self.rows[wanted], self.heads[wanted], self.timestamps[wanted], self.lengths[wanted], sound, self.now_us
        )

    def sounding(self) -> Note:
        """Return the packets that are sound."""
        if self.sound is None:
            return self
        now_us = self.now_us if isinstance(self.now_us, int) else self.now_us[self.sound]
        return self.only(self.sound)._replace(sound=None, now_us=now_us)


class Ledger:
    """Counts for all rows.

    Args:
        state: the rows.
    """

    def __init__(self, state: Rows) -> None:
        self._state = state
        self._incoming = np.zeros((state.capacity, In.COLUMNS), np.int64)
        self._outgoing = np.zeros((state.capacity, Out.COLUMNS), np.int64)
        self._received: list[Note] = []
        self._sent: list[Note] = []
        self._streams = 0
        self._patterns: dict[int, LossPattern] = {}
        """By row, how losses were spread; of rows that lost something."""

    def open(self, row: int, *, sequence: int, timestamp: int) -> None:
        """Begin to count for a leg.

        Args:
            row: its row.
            sequence: the number before the first that will be sent to it.
            timestamp: where its timestamps start, roughly.
        """
        self.settle()
        self._patterns.pop(row, None)
        self._incoming[row] = 0
        self._incoming[row, In.HEARD_AT_US] = _LONG_AGO_US
        self._outgoing[row] = 0
        self._outgoing[row, : Out.SENT] = sequence, timestamp, _LONG_AGO_US

    def note_received(self, note: Note) -> None:
        """Note what came."""
        self._received.append(note)

    def note_sent(self, note: Note) -> None:
        """Note what was sent; its rows are the listeners'."""
        self._sent.append(note)

    def take_back(self, listeners: Indices, lengths: Lengths) -> None:
        """Uncount packets that were noted as sent, or will be, and were not."""
        self._outgoing[listeners, Out.SENT] -= 1
        self._outgoing[listeners, Out.OCTETS] -= lengths

    def begin_streams(self, note: Note, ssrcs: Numbers) -> Numbers:
        """Begin a new stream in each of these rows.

        Args:
            note: the streams' first packets, not noted as received yet.
            ssrcs: their SSRCs.

        Returns:
            The streams' numbers, which no other stream of any row ever had or will have.
        """
        self.settle()
        begun = self._incoming[note.rows]
        begun[:, In.LOST_BEFORE] = [self._lost(numbers) for numbers in begun]
        begun[:, In.RECEIVED_BEFORE] += begun[:, In.RECEIVED]
        begun[:, In.RECEIVED] = 0
        begun[:, In.SSRC] = ssrcs
        begun[:, In.FIRST] = begun[:, In.HIGHEST] = note.heads & 0xFFFF
        begun[:, In.TRANSIT] = in_units(note.now_us, self._state.clock_hz[note.rows]) - note.timestamps
        numbers = self._streams + 1 + np.arange(len(begun))
        self._streams += len(begun)
        begun[:, In.STREAM] = numbers
        self._incoming[note.rows] = begun
        return numbers

    def settle(self) -> None:
        """Count what is noted."""
        if self._received:
            received, self._received = self._received, []
            self._count_received(_joined(received))
        if self._sent:
            sent, self._sent = self._sent, []
            self._count_sent(_joined(sent))

    def incoming(self, row: int) -> Numbers:
        """Return what came to a row; the columns are :class:`In`."""
        self.settle()
        incoming: Numbers = self._incoming[row]
        return incoming

    def outgoing(self, rows: int | Indices) -> Numbers:
        """Return what went out to a row, or to several; the columns are :class:`Out`."""
        self.settle()
        outgoing: Numbers = self._outgoing[rows]
        return outgoing

    def silent_since(self, moment_s: float) -> list[int]:
        """Return the rows from which nothing came since then, monotonic seconds, those that no leg has among them."""
        self.settle()
        silent = self._incoming[: self._state.used, In.HEARD_AT_US] < moment_s * 1e6
        return np.flatnonzero(silent).tolist()

    def received(self, row: int) -> int:
        """Return how many packets of the phone came."""
        incoming = self.incoming(row)
        return int(incoming[In.RECEIVED_BEFORE] + incoming[In.RECEIVED])

    def received_octets(self, row: int) -> int:
        """Return how many octets of payload came."""
        return int(self.incoming(row)[In.OCTETS]) - HEADER_OCTETS * self.received(row)

    def sent_octets(self, row: int) -> int:
        """Return how many octets of payload were sent."""
        outgoing = self.outgoing(row)
        return int(outgoing[Out.OCTETS] - HEADER_OCTETS * outgoing[Out.SENT])

    def lost(self, row: int) -> int:
        """Return how many packets of the phone never came (RFC 3550 A.3)."""
        return self._lost(self.incoming(row))

    def pattern(self, row: int) -> LossPattern:
        """Return how the losses of a row were spread."""
        self.settle()
        return self._patterns.get(row) or LossPattern()

    def jitter_rtp(self, row: int) -> float:
        """Return the jitter of the phone's packets in timestamp units."""
        return float(self.incoming(row)[In.JITTER]) / 16

    @staticmethod
    def _lost(incoming: Numbers) -> int:
        if not incoming[In.STREAM]:
            return 0
        expected = incoming[In.HIGHEST] - incoming[In.FIRST] + 1
        return int(incoming[In.LOST_BEFORE] + max(0, expected - incoming[In.RECEIVED]))

    def _count_received(self, note: Note) -> None:
        incoming, rows = self._incoming, note.rows
        counts = np.bincount(rows)
        before = incoming[: len(counts), In.HIGHEST].copy()
        _add(incoming, In.RECEIVED, counts)
        _add(incoming, In.OCTETS, np.bincount(rows, note.lengths))
        incoming[rows, In.HEARD_AT_US] = note.now_us  # where a row occurs several times, its last number stays
        highest = incoming[rows, In.HIGHEST]
        steps = (((note.heads & 0xFFFF) - highest + 0x8000) & 0xFFFF) - 0x8000
        np.maximum.at(incoming[:, In.HIGHEST], rows, highest + steps)
        jumped = np.flatnonzero(incoming[: len(counts), In.HIGHEST] - before > counts)
        for row in jumped.tolist():
            self._note_losses(row, int(before[row]), np.sort((highest + steps)[rows == row]))
        self._measure_jitter(note.sounding())

    def _note_losses(self, row: int, before: int, numbers: Numbers) -> None:
        """Follow how losses are spread: numbers of a row's packets, extended and in order, in which some are missing.

        A packet that comes behind later ones makes a loss of what was none; the count of losses itself knows better.
        """
        pattern = self._patterns.setdefault(row, LossPattern())
        pattern.received(max(0, before - int(self._incoming[row, In.FIRST]) + 1 - pattern.seen))
        for number in numbers.tolist():
            if number > before + 1:
                pattern.lost(number - before - 1)
            if number > before:
                pattern.received(1)
                before = number

    def _measure_jitter(self, note: Note) -> None:
        """Follow the jitter (RFC 3550 A.8) of the sound; telephone events stand still in time and tell nothing."""
        if not note.rows.size:
            return
        order = np.argsort(note.rows, kind="stable")
        rows = note.rows[order]
        transit = (in_units(note.now_us, self._state.clock_hz[note.rows]) - note.timestamps)[order]
        first = np.append(True, rows[1:] != rows[:-1])
        before = np.append(0, transit[:-1])
        before[first] = self._incoming[rows[first], In.TRANSIT]
        deviation = np.abs((transit - before).astype(np.int32))  # the cast is modulo 2**32
        self._smooth(rows, deviation, first)
        last = np.append(first[1:], True)
        self._incoming[rows[last], In.TRANSIT] = transit[last]

    def _smooth(self, rows: Indices, deviation: npt.NDArray[np.int32], first: Mask) -> None:
        """Take each row's deviations into its jitter, one after the other: the first of all rows, the second ..."""
        starts = np.flatnonzero(first)
        turns = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
        for turn in range(int(turns.max()) + 1):
            taken = turns == turn
            jitter = self._incoming[rows[taken], In.JITTER]
            self._incoming[rows[taken], In.JITTER] = jitter + deviation[taken] - ((jitter + 8) >> 4)

    def _count_sent(self, note: Note) -> None:
        outgoing = self._outgoing
        _add(outgoing, Out.SENT, np.bincount(note.rows))
        _add(outgoing, Out.OCTETS, np.bincount(note.rows, note.lengths))
        outgoing[note.rows, Out.SEQUENCE] = note.heads & 0xFFFF
        sound = note.sounding()
        outgoing[sound.rows, Out.TIMESTAMP] = sound.timestamps
        outgoing[sound.rows, Out.SENT_AT_US] = sound.now_us


def _add(table: Numbers, column: int, counts: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> None:
    table[: len(counts), column] += counts.astype(np.int64)


def in_units(moment_us: int | Numbers, clock_hz: Numbers) -> Numbers:
    """Return microseconds in units of RTP clocks."""
    units: Numbers = moment_us * clock_hz // 1_000_000
    return units


def _joined(notes: Sequence[Note]) -> Note:
    if len(notes) == 1:
        return notes[0]
    sizes = [len(note.rows) for note in notes]
    sound = None
    if any(note.sound is not None for note in notes):
        masks = [np.ones(len(note.rows), np.bool_) if note.sound is None else note.sound for note in notes]
        sound = np.concatenate(masks)
    return Note(
        np.concatenate([note.rows for note in notes]),
        np.concatenate([note.heads for note in notes]),
        np.concatenate([note.timestamps for note in notes]),
        np.concatenate([note.lengths for note in notes]),
        sound,
        np.repeat([note.now_us for note in notes], sizes),
    )
