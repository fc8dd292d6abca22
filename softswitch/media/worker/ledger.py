"""What every leg received and sent, counted after the packets have left.

A packet is relayed at once and noted; the notes of several sweeps are counted together a little later. That makes the
sweep shorter, and an operation on twenty times as many packets costs little more. Whoever reads a number here gets it
with everything counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from softswitch.media.worker.batch import Mask, Numbers
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Lengths, Rows, Words
from softswitch.rtp.loss_pattern import LossFollower, LossPattern

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


class Counted(NamedTuple):
    """What came to a row, of all its streams."""

    received: int
    lost: int
    jitter_rtp: float
    """In timestamp units."""
    octets: int
    """Of payload."""


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
        """Return the packets where ``wanted`` is true."""
        sound = None if self.sound is None else self.sound[wanted]
        now_us = self.now_us if isinstance(self.now_us, int) else self.now_us[wanted]
        return Note(self.rows[wanted], self.heads[wanted], self.timestamps[wanted], self.lengths[wanted], sound, now_us)


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
        self._followers: dict[int, LossFollower] = {}
        """By row, how losses were spread; of rows that lost something."""
        self._place = np.zeros(state.capacity, np.intp)

    def open(self, row: int, *, sequence: int, timestamp: int) -> None:
        """Begin to count for a leg.

        Args:
            row: its row.
            sequence: the number before the first that will be sent to it.
            timestamp: where its timestamps start, roughly.
        """
        self.settle()
        self._followers.pop(row, None)
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
        if self._followers:
            self._follow_on(note, begun[:, In.HIGHEST])
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
            for note in self._one_each(_joined(received)):
                self._count_received(note)
        if self._sent:
            sent, self._sent = self._sent, []
            for note in self._one_each(_joined(sent)):
                self._count_sent(note)

    def settled(self) -> tuple[Numbers, Numbers]:
        """Return what came and what went, by row, for whoever counts there at once: all that is noted is counted."""
        self.settle()
        return self._incoming, self._outgoing

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

    def counted(self, row: int) -> Counted:
        """Return what came to a row in plain numbers; lost is what never came (RFC 3550 A.3)."""
        incoming = self.incoming(row).tolist()
        received = incoming[In.RECEIVED_BEFORE] + incoming[In.RECEIVED]
        octets = incoming[In.OCTETS] - HEADER_OCTETS * received
        return Counted(received, self._lost(incoming), incoming[In.JITTER] / 16, octets)

    def pattern(self, row: int) -> LossPattern:
        """Return how the losses of a row were spread."""
        highest = int(self.incoming(row)[In.HIGHEST])
        follower = self._followers.get(row)
        if follower is None:
            return LossPattern()
        follower.tell(highest)
        return follower.pattern

    @staticmethod
    def _lost(incoming: Numbers | list[int]) -> int:
        if not incoming[In.STREAM]:
            return 0
        expected = incoming[In.HIGHEST] - incoming[In.FIRST] + 1
        return int(incoming[In.LOST_BEFORE] + max(0, expected - incoming[In.RECEIVED]))

    def _count_received(self, note: Note) -> None:
        """Count packets of which each row has one at most."""
        rows, numbers = note.rows, self._incoming.take(note.rows, axis=0)
        highest = numbers[:, In.HIGHEST]
        steps = (((note.heads & 0xFFFF) - highest + 0x8000) & 0xFFFF) - 0x8000
        if steps.min() < 1 or steps.max() > 1:
            odd = np.flatnonzero(steps != 1)
            self.follow_losses(rows[odd], highest[odd], steps[odd])
        numbers[:, In.RECEIVED] += 1
        numbers[:, In.OCTETS] += note.lengths
        numbers[:, In.HEARD_AT_US] = note.now_us
        numbers[:, In.HIGHEST] = highest + np.maximum(steps, 0)
        self._measure_jitter(note, numbers)
        self._incoming[rows] = numbers

    def follow_losses(self, rows: Indices, highest: Numbers, steps: Numbers) -> None:
        """Follow how losses are spread, where a packet did not follow the one before it.

        Args:
            rows: whose packets they are.
            highest: the highest extended sequence numbers before.
            steps: how far from it the packets' numbers are; not 1.
        """
        for row, before, step in zip(rows.tolist(), highest.tolist(), steps.tolist(), strict=True):
            follower = self._followers.get(row)
            if step > 1:
                if follower is None:
                    follower = self._followers[row] = LossFollower(int(self._incoming[row, In.FIRST]))
                follower.tell(before)
                follower.missed(before + 1, before + step)
            elif follower is not None:
                follower.came(before + step)

    def _follow_on(self, note: Note, highest: Numbers) -> None:
        """Go on with new streams, of which these are the first packets; the old ones ended with these numbers."""
        for row, head, before in zip(note.rows.tolist(), note.heads.tolist(), highest.tolist(), strict=True):
            follower = self._followers.get(row)
            if follower is not None:
                follower.tell(before, all_of_it=True)
                follower.begin(head & 0xFFFF)

    def _measure_jitter(self, note: Note, numbers: Numbers) -> None:
        """Follow the jitter (RFC 3550 A.8) of the sound; telephone events stand still in time and tell nothing."""
        transit = in_units(note.now_us, self._state.clock_hz[note.rows]) - note.timestamps
        deviation = np.abs((transit - numbers[:, In.TRANSIT]).astype(np.int32))  # the cast is modulo 2**32
        jitter = numbers[:, In.JITTER]
        jitter = jitter + deviation - ((jitter + 8) >> 4)
        if note.sound is not None:
            transit = np.where(note.sound, transit, numbers[:, In.TRANSIT])
            jitter = np.where(note.sound, jitter, numbers[:, In.JITTER])
        numbers[:, In.TRANSIT], numbers[:, In.JITTER] = transit, jitter

    def _one_each(self, note: Note) -> Iterator[Note]:
        """Give packets in parts in which each row occurs once, in the order of each row's packets."""
        while True:
            places = np.arange(len(note.rows))
            self._place[note.rows[::-1]] = places[::-1]  # where a row occurs several times, its first place stays
            first = self._place[note.rows] == places
            if np.count_nonzero(first) == len(first):
                yield note
                return
            yield note.only(first)
            note = note.only(~first)

    def _count_sent(self, note: Note) -> None:
        """Count packets of which each row has one at most."""
        numbers = self._outgoing.take(note.rows, axis=0)
        numbers[:, Out.SENT] += 1
        numbers[:, Out.OCTETS] += note.lengths
        numbers[:, Out.SEQUENCE] = note.heads & 0xFFFF
        sound = slice(None) if note.sound is None else note.sound
        numbers[sound, Out.TIMESTAMP] = note.timestamps[sound]
        numbers[sound, Out.SENT_AT_US] = note.now_us if isinstance(note.now_us, int) else note.now_us[sound]
        self._outgoing[note.rows] = numbers


def in_units(moment_us: int | Numbers, clock_hz: Numbers) -> Numbers:
    """Return microseconds in units of RTP clocks."""
    units: Numbers = moment_us * clock_hz // 1_000_000
    return units


def _joined(notes: Sequence[Note]) -> Note:
    if len(notes) == 1:
        return notes[0]
    rows, heads, timestamps, lengths, sounds, moments_us = zip(*notes, strict=True)
    sizes = [len(each) for each in rows]
    sound = None
    if any(each is not None for each in sounds):
        pairs = zip(sounds, sizes, strict=True)
        sound = np.concatenate([np.ones(size, np.bool_) if each is None else each for each, size in pairs])
    if all(isinstance(each, int) for each in moments_us):
        now_us = np.repeat(moments_us, sizes)
    else:
        pairs = zip(moments_us, sizes, strict=True)
        now_us = np.concatenate([np.full(size, each) if isinstance(each, int) else each for each, size in pairs])
    joined = np.concatenate
    return Note(joined(rows), joined(heads), joined(timestamps), joined(lengths), sound, now_us)
