"""What was kept together lies in one frame: in the ring, in files, and behind damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.app.upkeep import compress_closed
from softswitch.core.facts import encode_turn
from softswitch.journal.drain import Drain
from softswitch.journal.framing import (
    FRAME_OCTETS,
    frame,
    last_sequence_of,
    records_of,
    sequence_of,
    turn_of,
)
from softswitch.journal.memory import MemoryJournal
from softswitch.journal.reading import Gap, Loss, read_journal, read_payloads
from softswitch.journal.ring import HEADER_OCTETS, MOST_IN_A_FRAME, RingReader, RingWriter
from softswitch.journal.segment_file import segment_paths
from softswitch.journal.segments import SegmentWriter
from softswitch.journal.tail import JournalTail
from tests.fuzz.conftest import scale
from tests.unit.journal.records import assert_a_flipped_bit_costs_one, record, records
from tests.unit.journal.turns import encoded, turn


@pytest.mark.parametrize("count", [1, 5, 6, 7, 15, 16, 300, 70_000])
@pytest.mark.parametrize("first", [1, 127, 128, 70_000, 1 << 40])
def test_first_and_last_number_are_read_without_decoding(first: int, count: int) -> None:
    made = msgpack.packb([(number, 1.5, "", "test.noted", 1, ()) for number in range(first, first + count)])
    assert (sequence_of(made), last_sequence_of(made)) == (first, first + count - 1)


@pytest.mark.parametrize(
    "octets", [b"\x91", b"\x91\x95\x01", b"\xdc\x00", b"\xdd\x00\x00\x00\x02", b"\x90\x96", b"\x92\xc0"]
)
def test_octets_that_are_no_turn_have_no_numbers_and_are_left_as_they_are(octets: bytes) -> None:
    assert (sequence_of(octets), last_sequence_of(octets)) == (0, 0)
    assert records_of(octets) in ([octets], [])


@pytest.mark.parametrize("count", [1, 6, 20])
def test_a_turn_is_taken_apart_into_its_records(count: int) -> None:
    assert records_of(encoded(9, count)) == records(range(9, 9 + count))
    assert records_of(record(9)) == [record(9)]
    assert turn_of(record(9)) == encoded(9, 1)
    assert turn_of(encoded(9, count)) == encoded(9, count)


@settings(max_examples=scale(60))
@given(st.lists(st.integers(0, 20), min_size=2, max_size=7), st.data())
def test_one_flipped_bit_costs_one_turn(sizes: list[int], data: st.DataObject) -> None:
    kept, first = [], 1
    for size in sizes:
        kept.append(encoded(first, size) if size else record(first))  # none: a record by itself, as older journals have
        first += max(1, size)
    assert_a_flipped_bit_costs_one(kept, data)


class Ring:
    def __init__(self, capacity: int) -> None:
        self.descriptor = os.memfd_create("ring")
        os.ftruncate(self.descriptor, HEADER_OCTETS + capacity)
        self.writer, self.reader = RingWriter(self.descriptor), RingReader(self.descriptor)


@pytest.fixture
def ring() -> Iterator[Ring]:
    made = Ring(4096)
    yield made
    os.close(made.descriptor)


def test_a_turn_comes_out_of_the_ring_as_one(ring: Ring) -> None:
    ring.writer.keep(turn(1, 3))
    ring.writer.keep(turn(4, 1))
    assert ring.reader.read() == [encoded(1, 3), encoded(4, 1)]
    assert ring.writer.last_sequence == 4


def test_turns_that_wrap_around_the_rings_end_come_out_whole(ring: Ring) -> None:
    for first in range(1, 400, 4):
        ring.writer.keep(turn(first, 4))
        assert ring.reader.read() == [encoded(first, 4)]
        ring.reader.release(first + 3)
    assert ring.writer.state.records_lost == 0


def test_of_a_turn_that_finds_no_room_as_many_records_are_kept_as_do(ring: Ring) -> None:
    fits = 4096 // (FRAME_OCTETS + len(record(1000)))
    ring.writer.keep(turn(1000, 2 * fits))
    assert ring.writer.state.records_lost == fits
    assert ring.writer.last_sequence == 1000 + 2 * fits - 1
    assert ring.reader.read() == records(range(1000, 1000 + fits))


def test_a_very_long_turn_lies_in_a_frame_a_record() -> None:
    made = Ring(1 << 20)
    made.writer.keep(turn(1, MOST_IN_A_FRAME + 1))
    assert made.reader.read() == records(range(1, MOST_IN_A_FRAME + 2))
    os.close(made.descriptor)


def on_disk(directory: Path) -> list[int | str]:
    return [str(item) if isinstance(item, Gap) else item.sequence for item in read_journal(directory)]


def test_turns_go_through_the_drain_into_files_and_are_read_record_by_record(ring: Ring, tmp_path: Path) -> None:
    segments = SegmentWriter(tmp_path, rotate_octets=200)
    told = MemoryJournal()
    drain = Drain(ring.reader, segments, on_synced=lambda payloads: told.append(payloads), sync_interval_s=0.0)
    tail = JournalTail(tmp_path, 2)
    for first in (1, 4, 5, 11):
        ring.writer.keep(turn(first, {1: 3, 4: 1, 5: 6, 11: 2}[first]))
        drain.turn(now=float(first))
    assert told.records() == [encoded(1, 3), encoded(4, 1), encoded(5, 6), encoded(11, 2)]
    assert ring.writer.state.synced_sequence == 12
    assert on_disk(tmp_path) == list(range(1, 13))
    assert list(read_payloads(tmp_path, 6)) == records(range(6, 13))
    assert [sequence_of(each) for each in (*tail.read(), *tail.read())] == list(range(3, 13))
    segments.close()
    assert SegmentWriter(tmp_path).last_sequence == 12
    compress_closed(tmp_path)
    assert on_disk(tmp_path) == list(range(1, 13))


def test_a_turn_that_the_files_have_already_is_passed_over_and_counted(ring: Ring, tmp_path: Path) -> None:
    segments = SegmentWriter(tmp_path)
    segments.append([encoded(1, 3)])
    told = MemoryJournal()
    drain = Drain(ring.reader, segments, on_synced=lambda payloads: told.append(payloads), sync_interval_s=0.0)
    ring.writer.keep(turn(1, 3))
    ring.writer.keep(turn(4, 2))
    drain.turn(now=1.0)
    assert (drain.passed_over, told.records()) == (3, [encoded(4, 2)])
    assert on_disk(tmp_path) == [1, 2, 3, 4, 5]
    segments.close()


def test_of_a_damaged_turn_all_records_are_told_to_be_missing(tmp_path: Path) -> None:
    segments = SegmentWriter(tmp_path)
    segments.append([encoded(1, 2), encoded(3, 4), encoded(7, 1)])
    segments.close()
    path = segment_paths(tmp_path)[0]
    octets = bytearray(path.read_bytes())
    octets[octets.index(b"note 4")] ^= 1
    path.write_bytes(octets)
    items = list(read_journal(tmp_path))
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [(gap.why, gap.first_sequence, gap.last_sequence) for gap in gaps] == [(Loss.DAMAGED, 3, 6)]
    assert [item.sequence for item in items if not isinstance(item, Gap)] == [1, 2, 7]


def test_a_turn_that_was_cut_short_at_the_end_is_cut_off(tmp_path: Path) -> None:
    segments = SegmentWriter(tmp_path)
    segments.append([encoded(1, 2)])
    segments.close()
    with segment_paths(tmp_path)[0].open("ab") as file:
        file.write(frame([encode_turn(turn(3, 4))])[:-1])
    opened = SegmentWriter(tmp_path)
    assert opened.torn is not None
    assert opened.last_sequence == 2
    opened.append([encoded(3, 1)])
    opened.close()
    assert on_disk(tmp_path) == [1, 2, 3]
