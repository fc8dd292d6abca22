"""The ring in shared memory between the brain and the journal's writer: one producer, one consumer, no locks.

The memory is a memfd that the supervisor holds, so that it outlives both. Its first page is the header, in machine
words; records follow as a stream of frames (:mod:`softswitch.journal.framing`) that wraps around the end::

    word  0  magic             word  8  octets ever written      word 16  octets ever given back
          1  version                 9  records lost                   17  last sequence synced to disk
          2  capacity in octets     10  last sequence seen             18  errno of the disk, 0 when well
                                                                       19  1 while the database fails

Words 8 to 15 belong to the producer, words 16 to 23 to the consumer, each on a cache line of its own. A position is
written last, as one aligned word, so a side that dies at any instruction leaves either the old state or the new one. On
a machine that reorders stores the consumer may see a position before the octets: their CRC does not fit then, and it
looks again later.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, encode_alone, encode_turn
from softswitch.journal.framing import FRAME_OCTETS, frame, frame_one, last_sequence_of, resume_offset, split

HEADER_OCTETS: Final = 4096
MOST_IN_A_FRAME: Final = 1000
"""Records of one turn; a bit that flips in the file costs no more."""

_MAGIC: Final = 0x676E69725F746361  # "act_ring"
_VERSION: Final = 1
_AT_MAGIC, _AT_VERSION, _AT_CAPACITY = 0, 1, 2
_AT_WRITTEN, _AT_LOST, _AT_SEQUENCE = 8, 9, 10
_AT_FREED, _AT_SYNCED, _AT_ERRNO, _AT_DATABASE = 16, 17, 18, 19
_LOOKS_BEFORE_DAMAGE: Final = 20


@dataclass(frozen=True, slots=True)
class RingState:
    """What both sides can see of the ring's health."""

    capacity_octets: int
    waiting_octets: int
    """Written by the brain and not yet synced to disk."""
    records_lost: int
    """Facts that found the ring full, since the ring was made."""
    last_sequence: int
    """The highest sequence number that was given to the ring, kept or lost."""
    synced_sequence: int
    """The highest sequence number that is safe on disk."""
    disk_errno: int
    """Why the writer cannot write, as errno; 0 when it can."""
    database_failing: bool
    """Whether call records wait in the journal because the database takes none."""

    @property
    def alarm(self) -> bool:
        """Whether somebody should be told: facts were lost, disk or database fail, or three quarters are full."""
        crowded = 4 * self.waiting_octets > 3 * self.capacity_octets
        return bool(self.records_lost or self.disk_errno or self.database_failing or crowded)


class _Ring:
    """The mapped memory, and what both sides do with it."""

    __slots__ = ("_capacity", "_memory", "_words")

    def __init__(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        if size <= HEADER_OCTETS:
            raise JournalError(f"the ring's memory has {size} octets, which is too small")
        self._memory = mmap.mmap(descriptor, size)
        self._words = memoryview(self._memory)[:HEADER_OCTETS].cast("Q")
        self._capacity = size - HEADER_OCTETS
        self._format()

    def _format(self) -> None:
        """Write the header into new memory, or check the one that stands there.

        Both sides may do it at once: each writes the same words, and those of the positions are zero already.
        """
        words = self._words
        if words[_AT_MAGIC] == 0:
            words[_AT_VERSION], words[_AT_CAPACITY] = _VERSION, self._capacity
            words[_AT_MAGIC] = _MAGIC
        if (words[_AT_MAGIC], words[_AT_VERSION], words[_AT_CAPACITY]) != (_MAGIC, _VERSION, self._capacity):
            raise JournalError("the shared memory holds no ring of this version")
        if not 0 <= words[_AT_WRITTEN] - words[_AT_FREED] <= self._capacity:
            raise JournalError("the ring's positions contradict each other")

    @property
    def state(self) -> RingState:
        """The ring's health now."""
        words = self._words
        return RingState(
            capacity_octets=self._capacity,
            waiting_octets=words[_AT_WRITTEN] - words[_AT_FREED],
            records_lost=words[_AT_LOST],
            last_sequence=words[_AT_SEQUENCE],
            synced_sequence=words[_AT_SYNCED],
            disk_errno=words[_AT_ERRNO],
            database_failing=bool(words[_AT_DATABASE]),
        )

    def close(self) -> None:
        """Unmap the memory; the descriptor stays the caller's."""
        self._words.release()
        self._memory.close()


class RingWriter(_Ring):
    """The producer's end: a :class:`~softswitch.journal.sink.FactSink`.

    Args:
        descriptor: of the shared memory; it may be closed afterwards.
    """

    __slots__ = ()

    @property
    def last_sequence(self) -> int:
        """The highest sequence number that any producer ever gave to this ring."""
        return self._words[_AT_SEQUENCE]

    def keep(self, records: Sequence[Record]) -> None:
        """Keep the records of a turn in one frame; of those that find no room together, as many as do by themselves.

        Raises:
            JournalError: a fact's class was never declared with :func:`~softswitch.core.facts.fact`.
        """
        framed = frame_one(encode_turn(records))
        if len(framed) <= self._room() and len(records) <= MOST_IN_A_FRAME:
            self._publish(framed, records[-1].sequence)
        else:
            self.append([encode_alone(record) for record in records])

    def append(self, payloads: Sequence[bytes]) -> None:
        """Keep encoded records in order, each in a frame; those that find no room are lost and counted."""
        if not payloads:
            return
        framed = frame(payloads)
        room = self._room()
        if len(framed) > room:
            kept = _count_that_fits(payloads, room)
            self._words[_AT_LOST] += len(payloads) - kept
            framed = frame(payloads[:kept])
        self._publish(framed, last_sequence_of(payloads[-1]))

    def _room(self) -> int:
        words = self._words
        return self._capacity - words[_AT_WRITTEN] + words[_AT_FREED]

    def _publish(self, framed: bytes, last_sequence: int) -> None:
        """Lay the octets into the ring, in two pieces where they wrap, and then let the reader see them."""
        words, memory = self._words, self._memory
        written = words[_AT_WRITTEN]
        start = HEADER_OCTETS + written % self._capacity
        end = start + len(framed)
        beyond = end - HEADER_OCTETS - self._capacity
        if beyond <= 0:
            memory[start:end] = framed
        else:
            memory[start:] = framed[:-beyond]
            memory[HEADER_OCTETS : HEADER_OCTETS + beyond] = framed[-beyond:]
        words[_AT_SEQUENCE] = last_sequence
        words[_AT_WRITTEN] = written + len(framed)  # last: it is this word that publishes the records


def _count_that_fits(payloads: Sequence[bytes], room: int) -> int:
    """Return how many payloads from the front fit into ``room`` octets, each in its frame."""
    for count, payload in enumerate(payloads):
        room -= FRAME_OCTETS + len(payload)
        if room < 0:
            return count
    return len(payloads)


class RingReader(_Ring):
    """The consumer's end: reads ahead, and gives the space back when told that the records are safe.

    A reader that never calls :meth:`release` changes nothing, so a second one may look at what waits.

    Args:
        descriptor: of the shared memory; it may be closed afterwards.
    """

    __slots__ = ("_cursor", "_looks", "damaged_octets")

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._cursor = self._words[_AT_FREED]
        self._looks = 0
        self.damaged_octets = 0
        """Octets that were skipped because no look could make sense of them."""

    @property
    def waiting(self) -> bool:
        """Whether there are records behind the last read."""
        return bool(self._words[_AT_WRITTEN] != self._cursor)

    def read(self, limit_octets: int = 1 << 22) -> list[bytes]:
        """Return the payloads behind the last read, about ``limit_octets`` of them at most."""
        return self.read_framed(limit_octets)[0]

    def read_framed(self, limit_octets: int = 1 << 22) -> tuple[list[bytes], bytes]:
        """Do the same, and return the payloads' frames as well, ready for a file: they lie there in the same form."""
        waiting = self._words[_AT_WRITTEN] - self._cursor
        data = self._octets(min(waiting, limit_octets))
        payloads, taken = split(data)
        if payloads or not waiting:
            self._cursor += taken
            return payloads, data if taken == len(data) else data[:taken]
        payloads, taken = self._look_again(waiting)
        self._cursor += taken
        return payloads, frame(payloads)

    def _look_again(self, waiting: int) -> tuple[list[bytes], int]:
        """Take everything at once: a record larger than the limit, or one whose octets are not all visible yet."""
        data = self._octets(waiting)
        payloads, taken = split(data)
        self._looks = 0 if payloads else self._looks + 1
        if self._looks < _LOOKS_BEFORE_DAMAGE:
            return payloads, taken
        self._looks = 0
        skipped = resume_offset(data, taken)
        self.damaged_octets += skipped
        payloads, taken = split(data, skipped)
        return payloads, taken

    def _octets(self, count: int) -> bytes:
        """Copy ``count`` octets from the cursor on, out of two pieces where they wrap."""
        offset = self._cursor % self._capacity
        start = HEADER_OCTETS + offset
        beyond_end = offset + count - self._capacity
        if beyond_end <= 0:
            return self._memory[start : start + count]
        return self._memory[start:] + self._memory[HEADER_OCTETS : HEADER_OCTETS + beyond_end]

    def release(self, synced_sequence: int) -> None:
        """Give back the space of all that was read: it is safe on disk up to that sequence number."""
        self._words[_AT_SYNCED] = synced_sequence
        self._words[_AT_FREED] = self._cursor

    def rewind(self) -> None:
        """Go back to what was last released: what was read since is to be read again."""
        self._cursor = self._words[_AT_FREED]

    def report_disk(self, errno: int) -> None:
        """Show everyone why the disk fails, or with 0 that it works."""
        self._words[_AT_ERRNO] = errno

    def report_database(self, *, failing: bool) -> None:
        """Show everyone whether the database takes call records."""
        self._words[_AT_DATABASE] = int(failing)
