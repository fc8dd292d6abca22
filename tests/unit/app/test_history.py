from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest

from softswitch.app.history import read_history
from softswitch.journal.ring import HEADER_OCTETS, RingReader, RingWriter
from softswitch.journal.segments import SegmentWriter
from tests.unit.journal.records import record, records


@pytest.fixture
def ring() -> Iterator[int]:
    descriptor = os.memfd_create("ring")
    os.ftruncate(descriptor, HEADER_OCTETS + 4096)
    yield descriptor
    os.close(descriptor)


def keep(directory: Path, payloads: list[bytes]) -> None:
    writer = SegmentWriter(directory)
    writer.append(payloads)
    writer.close()


def test_a_first_start_has_no_history(tmp_path: Path, ring: int) -> None:
    assert list(read_history(tmp_path / "journal", ring)) == []


def test_each_record_comes_once_whether_it_is_in_the_files_or_still_in_the_ring(tmp_path: Path, ring: int) -> None:
    keep(tmp_path, records([1, 2, 3]))
    RingWriter(ring).append(records([2, 3, 4, 5]))
    assert list(read_history(tmp_path, ring)) == records([1, 2, 3, 4, 5])
    assert RingReader(ring).read() == records([2, 3, 4, 5])


def test_a_fact_of_a_type_that_nobody_knows_stops_nothing(tmp_path: Path, ring: int) -> None:
    later: bytes = msgpack.packb((2, 1.0, "", "later.invented", 4, ("x",)))
    keep(tmp_path, [record(1), later])
    assert list(read_history(tmp_path, ring)) == [record(1), later]
