from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import JournalError
from softswitch.journal.framing import FRAME_OCTETS, sequence_of
from softswitch.journal.ring import HEADER_OCTETS, RingReader, RingWriter
from tests.fuzz.conftest import scale
from tests.unit.journal.records import record, records


def memory(capacity: int) -> int:
    descriptor = os.memfd_create("ring")
    os.ftruncate(descriptor, HEADER_OCTETS + capacity)
    return descriptor


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = memory(4096)
    yield made
    os.close(made)


def poke(descriptor: int, offset: int, octets: bytes) -> None:
    os.pwrite(descriptor, octets, offset)


def test_records_come_out_as_they_went_in(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    writer.append(records([1, 2]))
    writer.append([])
    writer.append(records([3]))
    assert reader.read() == records([1, 2, 3])
    assert reader.read() == []


def test_a_full_ring_counts_what_it_lost_and_keeps_what_it_had(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    fits = 4096 // (FRAME_OCTETS + len(record(1000)))
    wanted = records(range(1000, 1000 + fits + 5))
    writer.append(wanted)
    assert writer.state.records_lost == 5
    assert writer.state.last_sequence == 1000 + fits + 4
    assert writer.state.alarm
    assert reader.read() == wanted[:fits]


def test_space_comes_back_only_when_the_reader_releases_it(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    big = record(1, "x" * 3000)
    writer.append([big])
    reader.read()
    writer.append([record(2, "x" * 3000)])
    assert writer.state.records_lost == 1
    reader.release(1)
    writer.append([record(3, "x" * 3000)])
    assert [sequence_of(payload) for payload in reader.read()] == [3]
    assert writer.state.synced_sequence == 1


def test_what_was_not_released_is_read_again_after_a_rewind(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    writer.append(records([1, 2]))
    reader.read()
    reader.release(2)
    writer.append(records([3, 4]))
    reader.read()
    reader.rewind()
    assert reader.read() == records([3, 4])


def test_each_side_goes_on_where_its_dead_predecessor_was(descriptor: int) -> None:
    RingWriter(descriptor).append(records([1, 2]))
    second = RingWriter(descriptor)
    assert second.last_sequence == 2
    dead = RingReader(descriptor)
    dead.read()
    second.append(records([3]))
    assert RingReader(descriptor).read() == records([1, 2, 3])


def test_a_record_larger_than_the_limit_is_read_whole(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    wanted = [record(1, "x" * 2000), record(2)]
    writer.append(wanted)
    assert reader.read(100) == wanted


def test_octets_that_are_not_visible_yet_are_waited_for(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    writer.append(records([1]))
    hidden = HEADER_OCTETS + FRAME_OCTETS
    poke(descriptor, hidden, b"\0")
    assert reader.read() == []
    poke(descriptor, hidden, record(1)[:1])
    assert reader.read() == records([1])


def test_octets_that_never_make_sense_are_passed_over_and_counted(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    writer.append(records([1, 2]))
    poke(descriptor, HEADER_OCTETS + FRAME_OCTETS, b"\0")
    seen = [payload for _ in range(40) for payload in reader.read()]
    assert seen == records([2])
    assert reader.damaged_octets == FRAME_OCTETS + len(record(1))


def test_the_disks_trouble_is_visible_to_the_producer(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    reader.report_disk(28)
    assert (writer.state.disk_errno, writer.state.alarm) == (28, True)
    reader.report_disk(0)
    assert not writer.state.alarm
    reader.report_database(failing=True)
    assert (writer.state.database_failing, writer.state.alarm) == (True, True)
    reader.report_database(failing=False)
    assert not writer.state.alarm


def test_memory_that_holds_something_else_is_refused(descriptor: int) -> None:
    poke(descriptor, 0, b"something")
    with pytest.raises(JournalError, match="no ring"):
        RingWriter(descriptor)


def test_positions_that_contradict_each_other_are_refused(descriptor: int) -> None:
    RingWriter(descriptor)
    poke(descriptor, 16 * 8, b"\1")
    with pytest.raises(JournalError, match="contradict"):
        RingReader(descriptor)


def test_memory_too_small_for_a_ring_is_refused() -> None:
    descriptor = memory(0)
    with pytest.raises(JournalError, match="too small"):
        RingWriter(descriptor)
    os.close(descriptor)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 400), max_size=6)),
        st.tuples(st.just("read"), st.integers(1, 2000)),
        st.tuples(st.sampled_from(["release", "rewind", "new writer", "new reader"]), st.none()),
    ),
    max_size=60,
)


class Model:
    """What a ring would be if it were a list."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.kept: list[bytes] = []
        self.read = self.lost = self.sequence = 0

    def append(self, sizes: list[int]) -> list[bytes]:
        made = []
        for size in sizes:
            self.sequence += 1
            made.append(record(self.sequence, "x" * (size + 1)))
        room = self.capacity - sum(len(payload) + FRAME_OCTETS for payload in self.kept)
        for count, payload in enumerate(made):
            room -= len(payload) + FRAME_OCTETS
            if room < 0:
                self.lost += len(made) - count
                break
            self.kept.append(payload)
        return made


@settings(max_examples=scale(120), deadline=None)
@given(st.integers(300, 2500), steps)
def test_a_ring_does_what_a_list_would(capacity: int, script: list[tuple[str, list[int] | int | None]]) -> None:
    descriptor = memory(capacity)
    writer, reader, model = RingWriter(descriptor), RingReader(descriptor), Model(capacity)
    for step, argument in script:
        if isinstance(argument, list):
            writer.append(model.append(argument))
        elif isinstance(argument, int):
            got = reader.read(argument)
            assert got == model.kept[model.read : model.read + len(got)]
            assert got or model.read == len(model.kept)
            model.read += len(got)
        elif step == "release":
            reader.release(model.sequence)
            model.kept, model.read = model.kept[model.read :], 0
        elif step == "new writer":
            writer = RingWriter(descriptor)
        else:
            model.read = 0
            reader = reader if step == "rewind" else RingReader(descriptor)
            reader.rewind()
        assert writer.state.records_lost == model.lost
        assert writer.state.waiting_octets == sum(len(payload) + FRAME_OCTETS for payload in model.kept)
    os.close(descriptor)
