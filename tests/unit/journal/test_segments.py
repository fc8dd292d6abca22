from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.journal.framing import frame
from softswitch.journal.reading import Gap, Loss, read_journal, read_records, verify
from softswitch.journal.segment_file import HEADER_OCTETS, SegmentHeader, segment_path, segment_paths
from softswitch.journal.segments import SegmentWriter, last_sequence
from tests.unit.journal.records import record, records


def write(directory: Path, *batches: range, rotate_octets: int = 1 << 20) -> None:
    writer = SegmentWriter(directory, rotate_octets=rotate_octets)
    for batch in batches:
        writer.append(records(batch))
    writer.close()


def sequences(directory: Path, start: int = 1) -> list[int]:
    return [item.sequence for item in read_records(directory, start)]


def gaps(directory: Path, start: int = 1) -> list[Gap]:
    return [item for item in read_journal(directory, start) if isinstance(item, Gap)]


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 4
    path.write_bytes(data)


def test_an_empty_directory_has_no_last_sequence(tmp_path: Path) -> None:
    assert last_sequence(tmp_path / "nothing") == 0
    assert gaps(tmp_path / "nothing") == []


def test_the_directory_and_its_files_are_the_owners_alone(tmp_path: Path) -> None:
    write(tmp_path / "journal", range(1, 3))
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert segment_path(tmp_path / "journal", 1).stat().st_mode & 0o777 == 0o600


def test_a_second_writer_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4))
    write(tmp_path, range(4, 6))
    assert sequences(tmp_path) == [1, 2, 3, 4, 5]
    assert last_sequence(tmp_path) == 5
    assert len(segment_paths(tmp_path)) == 1


def test_records_that_stand_there_already_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(1, 4), range(2, 6))
    assert sequences(tmp_path) == [1, 2, 3, 4, 5]


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), range(6, 7), rotate_octets=100)
    assert [path.name for path in segment_paths(tmp_path)] == [
        "segment-00000000000000000001.facts",
        "segment-00000000000000000004.facts",
        "segment-00000000000000000006.facts",
    ]
    assert sequences(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert gaps(tmp_path) == []


def test_reading_begins_anywhere(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), range(6, 9), rotate_octets=100)
    for start in range(1, 10):
        assert sequences(tmp_path, start) == list(range(start, 9))
        assert gaps(tmp_path, start) == []


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 30])
def test_a_torn_tail_is_told_then_cut_and_the_journal_goes_on(tmp_path: Path, cut: int) -> None:
    write(tmp_path, range(1, 4))
    path = segment_path(tmp_path, 1)
    whole = len(frame(records([3])))
    path.write_bytes(path.read_bytes()[:-cut])
    offset = HEADER_OCTETS + len(frame(records([1, 2])))
    assert gaps(tmp_path) == [Gap(Loss.TORN, f"{path.name} at octet {offset}", 3, 2)]
    assert last_sequence(tmp_path) == 2
    writer = SegmentWriter(tmp_path)
    assert writer.torn is not None
    assert (writer.torn.octets, writer.torn.offset, writer.torn.last_sequence) == (whole - cut, offset, 2)
    writer.append(records([3, 4]))
    writer.close()
    assert sequences(tmp_path) == [1, 2, 3, 4]
    assert gaps(tmp_path) == []


def test_a_tail_of_zeros_is_torn(tmp_path: Path) -> None:
    write(tmp_path, range(1, 3))
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(bytes(5000))
    writer = SegmentWriter(tmp_path)
    assert writer.torn is not None
    assert writer.torn.octets == 5000
    assert gaps(tmp_path) == []


def test_a_flipped_bit_costs_its_record_and_is_told_exactly(tmp_path: Path) -> None:
    write(tmp_path, range(1, 6))
    path = segment_path(tmp_path, 1)
    offset = HEADER_OCTETS + len(frame(records([1, 2])))
    flip(path, offset + 12)
    assert sequences(tmp_path) == [1, 2, 4, 5]
    assert gaps(tmp_path) == [Gap(Loss.DAMAGED, f"{path.name} at octet {offset}", 3, 3)]
    assert "facts 3 to 3" in str(gaps(tmp_path)[0])
    writer = SegmentWriter(tmp_path)
    assert writer.torn is None
    assert writer.last_sequence == 5


def test_damage_before_what_was_asked_for_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, range(1, 6))
    flip(segment_path(tmp_path, 1), HEADER_OCTETS + 12)
    assert sequences(tmp_path, 4) == [4, 5]
    assert gaps(tmp_path, 4) == []


def test_damage_up_to_the_end_of_a_segment_is_told_with_its_range(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), rotate_octets=100)
    path = segment_path(tmp_path, 1)
    offset = HEADER_OCTETS + len(frame(records([1])))
    path.write_bytes(path.read_bytes()[: offset + 3])
    assert sequences(tmp_path) == [1, 4, 5]
    assert gaps(tmp_path) == [Gap(Loss.DAMAGED, f"{path.name} at octet {offset}", 2, 3)]


def test_a_missing_segment_is_told_with_its_range(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), range(6, 9), rotate_octets=100)
    segment_path(tmp_path, 4).unlink()
    assert sequences(tmp_path) == [1, 2, 3, 6, 7, 8]
    assert gaps(tmp_path) == [Gap(Loss.MISSING, f"before {segment_path(tmp_path, 6).name}", 4, 5)]
    segment_path(tmp_path, 1).unlink()
    assert gaps(tmp_path) == [Gap(Loss.MISSING, f"before {segment_path(tmp_path, 6).name}", 1, 5)]


def test_facts_that_never_found_room_are_told_apart_from_damage(tmp_path: Path) -> None:
    write(tmp_path, range(1, 3), range(5, 7))
    name = segment_path(tmp_path, 1).name
    assert gaps(tmp_path) == [Gap(Loss.NEVER_KEPT, name, 3, 4)]


def test_facts_that_never_found_room_between_two_segments(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(7, 9), rotate_octets=100)
    assert gaps(tmp_path) == [Gap(Loss.NEVER_KEPT, segment_path(tmp_path, 7).name, 4, 6)]


def test_a_damaged_header_costs_no_record(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), rotate_octets=100)
    flip(segment_path(tmp_path, 4), 2)
    assert sequences(tmp_path) == [1, 2, 3, 4, 5]
    assert [gap.why for gap in gaps(tmp_path)] == [Loss.DAMAGED]
    assert "behind fact 3" in str(gaps(tmp_path)[0])
    write(tmp_path, range(6, 8))
    assert sequences(tmp_path) == [1, 2, 3, 4, 5, 6, 7]


def test_a_segment_that_died_before_its_header_is_removed(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4))
    segment_path(tmp_path, 4).write_bytes(b"SWF")
    assert last_sequence(tmp_path) == 3
    write(tmp_path, range(4, 6))
    assert sequences(tmp_path) == [1, 2, 3, 4, 5]
    assert not segment_path(tmp_path, 4).exists()


def test_an_intact_frame_that_is_no_record_is_damage_of_one(tmp_path: Path) -> None:
    header = SegmentHeader(1, 0).encode()
    octets = [record(1), b"\x96\x02nonsense", record(3)]
    segment_path(tmp_path, 1).write_bytes(header + frame(octets))
    assert sequences(tmp_path) == [1, 3]
    assert [(gap.why, gap.first_sequence, gap.last_sequence) for gap in gaps(tmp_path)] == [(Loss.DAMAGED, 2, 2)]


def test_after_a_rollback_the_same_records_are_written_over_themselves(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path)
    writer.append(records([1, 2]))
    writer.sync()
    writer.append(records([3, 4, 5]))
    writer.rollback()
    assert writer.last_sequence == 2
    writer.append(records([3]))
    writer.close()
    assert sequences(tmp_path) == [1, 2, 3]
    assert gaps(tmp_path) == []


def test_verify_sums_up(tmp_path: Path) -> None:
    write(tmp_path, range(1, 4), range(4, 6), range(6, 9), rotate_octets=100)
    segment_path(tmp_path, 4).unlink()
    summary = verify(tmp_path)
    assert (summary.segments, summary.records, summary.first_sequence, summary.last_sequence) == (2, 6, 1, 8)
    assert len(summary.gaps) == 1
