"""Reading a journal directory: the records in their order, and exactly what is missing between them.

Damage never ends the reading: the next intact record is found behind it, and its sequence number tells how many
are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path

from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, decode
from softswitch.journal.framing import records_of, sequence_of
from softswitch.journal.segment_file import Chunk, SegmentHeader, chunks, first_sequence_of, read_segment, segment_paths


class Loss(Enum):
    """Why records are not there."""

    DAMAGED = "damaged"
    """Octets were changed or lost within a file."""
    MISSING = "segment missing"
    """A whole file, or its end, is not there."""
    TORN = "torn tail"
    """The last write was cut short by a crash, or is going on right now."""
    NEVER_KEPT = "never kept"
    """The ring was full."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that are not there."""

    why: Loss
    where: str
    """Name of the file, and the offset in it where that says more."""
    first_sequence: int
    last_sequence: int
    """One below the first when octets were damaged and no record is gone, or when nobody can know (torn tail)."""

    def __str__(self) -> str:
        if self.last_sequence < self.first_sequence:
            return f"{self.where}: {self.why.value} behind fact {self.first_sequence - 1}"
        return f"{self.where}: {self.why.value}: facts {self.first_sequence} to {self.last_sequence}"


@dataclass(frozen=True, slots=True)
class Summary:
    """What :func:`verify` found."""

    segments: int
    records: int
    first_sequence: int
    last_sequence: int
    gaps: tuple[Gap, ...]


def read_journal(directory: Path, from_sequence: int = 1) -> Iterator[Record | Gap]:
    """Read all records from ``from_sequence`` on, with the gaps in their places.

    Raises:
        OSError: a file cannot be read.
    """
    for item in read_journal_payloads(directory, from_sequence):
        if isinstance(item, Gap):
            yield item
            continue
        try:
            yield decode(item)
        except JournalError:
            sequence = sequence_of(item)
            yield Gap(Loss.DAMAGED, "not a record", sequence, sequence)


def read_payloads(directory: Path, from_sequence: int = 1) -> Iterator[bytes]:
    """Read all records that are there from ``from_sequence`` on, without decoding them."""
    return (item for item in read_journal_payloads(directory, from_sequence) if isinstance(item, bytes))


def read_records(directory: Path, from_sequence: int = 1) -> Iterator[Record]:
    """Read all records that are there from ``from_sequence`` on."""
    return (item for item in read_journal(directory, from_sequence) if isinstance(item, Record))


def verify(directory: Path, from_sequence: int = 1) -> Summary:
    """Read the journal from a sequence number on and tell what it holds and what it lacks."""
    gaps: list[Gap] = []
    count = first = last = 0
    for item in read_journal(directory, from_sequence):
        if isinstance(item, Gap):
            gaps.append(item)
            continue
        count += 1
        last = item.sequence
        first = first or last
    return Summary(len(segment_paths(directory)), count, first, last, tuple(gaps))


def read_journal_payloads(directory: Path, from_sequence: int = 1) -> Iterator[bytes | Gap]:
    """Read all records as they are encoded, from ``from_sequence`` on, with the gaps in their places."""
    paths = segment_paths(directory)
    older = sum(first_sequence_of(path) <= from_sequence for path in paths)
    walk = _Walk(from_sequence)
    for path in paths[max(0, older - 1) :]:
        yield from walk.segment(path)
    yield from walk.end()


class _Walk:
    """Remembers, from file to file, the last record seen and damage whose extent is not known yet."""

    __slots__ = ("_damaged", "_from", "_last")

    def __init__(self, from_sequence: int) -> None:
        self._from = from_sequence
        self._last = from_sequence - 1
        self._damaged = ""

    def segment(self, path: Path) -> Iterator[bytes | Gap]:
        """Give a segment's records, each gap in front of the record that showed it."""
        try:
            data, compressed = read_segment(path)
        except FileNotFoundError:  # retired since it was listed; the next segment tells that it is gone
            return
        header = SegmentHeader.decode(data)
        yield from self._header(path, header)
        for chunk in chunks(data, compressed=compressed):
            if chunk.damaged_at >= 0:
                self._damaged = f"{path.name} at octet {chunk.damaged_at}"
            yield from self._chunk(chunk, path)

    def _header(self, path: Path, header: SegmentHeader | None) -> Iterator[Gap]:
        """Compare what came before with what the segment says came before it."""
        if header is None:
            self._damaged = self._damaged or f"{path.name} at octet 0"
        elif self._damaged or header.previous_last_sequence > self._last:
            yield from self._gap(header.previous_last_sequence, Loss.MISSING, f"before {path.name}")

    def _chunk(self, chunk: Chunk, path: Path) -> Iterator[bytes | Gap]:
        for record in chain.from_iterable(map(records_of, chunk.payloads)):
            sequence = sequence_of(record)
            if sequence <= self._last:
                self._damaged = ""  # it lies before what was asked for
                continue
            if sequence != self._last + 1 or self._damaged:
                yield from self._gap(sequence - 1, Loss.NEVER_KEPT, path.name)
            self._last = max(self._last, sequence)
            yield record

    def _gap(self, last: int, why: Loss, where: str) -> Iterator[Gap]:
        """Tell of the records up to ``last``; damage seen before explains them."""
        if self._damaged:
            why, where = Loss.DAMAGED, self._damaged
            self._damaged = ""
        yield Gap(why, where, self._last + 1, last)
        self._last = max(self._last, last)

    def end(self) -> Iterator[Gap]:
        """Damage that no record follows is a tail that was cut short."""
        if self._damaged:
            yield Gap(Loss.TORN, self._damaged, self._last + 1, self._last)
