from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.journal.reading import Gap, Loss, read_journal
from softswitch.journal.segment_file import (
    HEADER_OCTETS,
    SegmentHeader,
    chunks,
    compressed_path,
    compressed_segment,
    read_segment,
    segment_path,
    segment_paths,
)
from softswitch.journal.segments import SegmentWriter
from tests.unit.journal.records import record, records


def compress(path: Path) -> Path:
    """Do what the upkeep does."""
    data = path.read_bytes()
    header = SegmentHeader.decode(data)
    assert header is not None
    kept = [payload for chunk in chunks(data) for payload in chunk.payloads]
    compressed_path(path).write_bytes(b"".join(compressed_segment(header, kept)))
    path.unlink()
    return compressed_path(path)


def write(directory: Path, *batches: range) -> None:
    writer = SegmentWriter(directory, rotate_octets=1)
    for batch in batches:
        writer.append([record(number, f"{number} {'long text ' * 300}") for number in batch])
    writer.close()


def read(directory: Path) -> tuple[list[int], list[Gap]]:
    items = list(read_journal(directory))
    gaps = [item for item in items if isinstance(item, Gap)]
    return [item.sequence for item in items if not isinstance(item, Gap)], gaps


def test_a_compressed_segment_is_read_in_the_place_of_the_plain_one(tmp_path: Path) -> None:
    write(tmp_path, range(1, 100), range(100, 200))
    plain = segment_path(tmp_path, 1).stat().st_size
    packed = compress(segment_path(tmp_path, 1))
    assert packed.stat().st_size < plain / 10
    assert segment_paths(tmp_path) == [packed, segment_path(tmp_path, 100)]
    assert read(tmp_path) == (list(range(1, 200)), [])


def test_a_flipped_bit_costs_one_block_and_the_gap_says_which_facts(tmp_path: Path) -> None:
    write(tmp_path, range(1, 200), range(200, 202))
    packed = compress(segment_path(tmp_path, 1))
    data = bytearray(packed.read_bytes())
    damaged = HEADER_OCTETS + (len(data) - HEADER_OCTETS) // 2
    data[damaged] ^= 1
    packed.write_bytes(data)
    kept, (gap,) = read(tmp_path)
    assert kept == [*range(1, gap.first_sequence), *range(gap.last_sequence + 1, 202)]
    assert 0 < gap.last_sequence - gap.first_sequence < 60
    assert gap.why is Loss.DAMAGED
    assert gap.where.startswith(f"{packed.name} at octet ")


@pytest.mark.parametrize("left", [0, 1, HEADER_OCTETS, HEADER_OCTETS + 7, 1000])
def test_a_compressed_segment_that_was_cut_short_tells_what_is_missing(tmp_path: Path, left: int) -> None:
    write(tmp_path, range(1, 100), range(100, 102))
    packed = compress(segment_path(tmp_path, 1))
    packed.write_bytes(packed.read_bytes()[:left])
    kept, (gap,) = read(tmp_path)
    assert kept == [100, 101]
    assert (gap.first_sequence, gap.last_sequence) == (1, 99)


def test_a_segment_that_was_compressed_after_it_was_listed_is_found(tmp_path: Path) -> None:
    write(tmp_path, range(1, 10))
    (listed,) = segment_paths(tmp_path)
    packed = compress(listed)
    assert read_segment(listed) == (packed.read_bytes(), True)


def test_a_writer_begins_a_new_segment_behind_a_compressed_one(tmp_path: Path) -> None:
    write(tmp_path, range(1, 10))
    packed = compress(segment_path(tmp_path, 1))
    before = packed.read_bytes()
    writer = SegmentWriter(tmp_path)
    assert writer.last_sequence == 9
    writer.append(records([10]))
    writer.close()
    assert packed.read_bytes() == before
    assert read(tmp_path) == (list(range(1, 11)), [])


def test_a_segment_is_closed_when_told_so_unless_it_is_empty(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.close_segment()
    writer.append(records([1, 2]))
    assert writer.closed == 0
    writer.close_segment()
    writer.append(records([3]))
    writer.append(records([4]))
    assert writer.closed == 1
    writer.close()
    assert [path.name for path in segment_paths(tmp_path)] == [segment_path(tmp_path, first).name for first in (1, 3)]
    assert read(tmp_path) == ([1, 2, 3, 4], [])
