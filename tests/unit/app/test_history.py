from __future__ import annotations

import os
from pathlib import Path

import pytest

from softswitch.app.history import read_history
from softswitch.calls.facts import SegmentEnded
from softswitch.core.facts import decode, encode
from softswitch.journal.reading import Gap, Loss
from softswitch.journal.ring import RingReader, RingWriter
from softswitch.journal.segments import SegmentWriter


@pytest.fixture
def ring() -> int:
    descriptor = os.memfd_create("ring")
    os.ftruncate(descriptor, 1 << 16)
    return descriptor


def payloads(first: int, last: int) -> list[bytes]:
    return [encode(sequence, 1000.0 + sequence, "c1", SegmentEnded(sequence)) for sequence in range(first, last + 1)]


def write(folder: Path, first: int, last: int) -> None:
    segments = SegmentWriter(folder)
    segments.append(payloads(first, last))
    segments.sync()
    segments.close()


def sequences(folder: Path, ring: int) -> list[int]:
    return [decode(item).sequence for item in read_history(folder, ring).items if isinstance(item, bytes)]


def test_a_first_start_has_no_history(tmp_path: Path, ring: int) -> None:
    assert sequences(tmp_path / "journal", ring) == []


def test_files_and_ring_are_joined_without_doubles(tmp_path: Path, ring: int) -> None:
    write(tmp_path / "journal", 1, 6)
    RingWriter(ring).append(payloads(5, 9))
    assert sequences(tmp_path / "journal", ring) == list(range(1, 10))


def test_the_ring_alone_serves_when_nothing_was_written_yet(tmp_path: Path, ring: int) -> None:
    RingWriter(ring).append(payloads(1, 3))
    assert sequences(tmp_path / "journal", ring) == [1, 2, 3]


def test_reading_leaves_the_ring_as_it_was(tmp_path: Path, ring: int) -> None:
    RingWriter(ring).append(payloads(1, 3))
    list(read_history(tmp_path / "journal", ring).items)
    assert len(RingReader(ring).read()) == 3


def gaps(folder: Path, ring: int) -> list[Gap]:
    return [item for item in read_history(folder, ring).items if isinstance(item, Gap)]


def test_facts_that_found_no_room_in_the_ring_before_a_death_are_missed(tmp_path: Path, ring: int) -> None:
    write(tmp_path / "journal", 1, 6)
    RingWriter(ring).append(payloads(9, 9))
    assert gaps(tmp_path / "journal", ring) == [Gap(Loss.NEVER_KEPT, "the ring in memory", 7, 8)]
    assert sequences(tmp_path / "journal", ring) == [1, 2, 3, 4, 5, 6, 9]


def test_a_torn_tail_is_missed_only_where_the_ring_does_not_hold_it(tmp_path: Path, ring: int) -> None:
    write(tmp_path / "journal", 1, 6)
    (segment,) = (tmp_path / "journal").iterdir()
    segment.write_bytes(segment.read_bytes()[:-5])
    (gap,) = gaps(tmp_path / "journal", ring)
    assert (gap.why, gap.first_sequence, gap.last_sequence) == (Loss.TORN, 6, 5)
    RingWriter(ring).append(payloads(6, 7))
    assert gaps(tmp_path / "journal", ring) == []
    assert sequences(tmp_path / "journal", ring) == [1, 2, 3, 4, 5, 6, 7]
