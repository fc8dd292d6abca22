"""Following a journal that is being written: every record once, over new segments and compressed ones."""

from __future__ import annotations

from pathlib import Path

from softswitch.core.facts import encode
from softswitch.directory.bans import SourceFreed
from softswitch.journal.framing import sequence_of
from softswitch.journal.segments import SegmentWriter
from softswitch.journal.tail import JournalTail


def record(sequence: int) -> bytes:
    return encode(sequence, 1.0, "", SourceFreed("192.0.2.1"))


def read(tail: JournalTail) -> list[int]:
    return [sequence_of(payload) for payload in tail.read()]


def test_each_record_comes_once_and_in_order_whatever_segment_it_is_in(tmp_path: Path) -> None:
    tail = JournalTail(tmp_path, 0)
    assert read(tail) == []
    writer = SegmentWriter(tmp_path, rotate_octets=200)
    found: list[int] = []
    for first in range(1, 60, 3):
        writer.append([record(first + i) for i in range(3)])
        writer.sync()
        found += read(tail)
        found += read(tail)
    assert found == list(range(1, 61))
    assert read(tail) == []
    writer.close()


def test_one_that_begins_in_the_middle_reads_what_came_after(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.append([record(i) for i in range(1, 11)])
    writer.sync()
    tail = JournalTail(tmp_path, 7)
    assert read(tail) == [8, 9, 10]
    writer.append([record(11)])
    writer.sync()
    assert read(tail) == [11]
    writer.close()
