from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from softswitch.journal.drain import DiskTrouble, Drain
from softswitch.journal.memory import MemoryJournal
from softswitch.journal.reading import read_records
from softswitch.journal.ring import HEADER_OCTETS, RingReader, RingWriter
from softswitch.journal.segments import SegmentWriter
from tests.unit.journal.records import records


class FailingSegments(SegmentWriter):
    """Segments on a disk that fails when told to."""

    write_fails = sync_fails = False

    def _write(self, data: bytes) -> None:
        if self.write_fails:
            super()._write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no space left on device")
        super()._write(data)

    def sync(self) -> None:
        if self.sync_fails and self.dirty:
            raise OSError(errno.EIO, "input/output error")
        super().sync()


class Rig:
    def __init__(self, directory: Path) -> None:
        self.descriptor = os.memfd_create("ring")
        os.ftruncate(self.descriptor, HEADER_OCTETS + 65_536)
        self.directory = directory
        self.ring = RingWriter(self.descriptor)
        self.told = MemoryJournal()
        self.start()

    def start(self) -> None:
        """Begin a new life of the writer; the ring stays as it is."""
        self.segments = FailingSegments(self.directory)
        self.drain = Drain(RingReader(self.descriptor), self.segments, on_synced=self.on_synced)

    def on_synced(self, payloads: Sequence[bytes]) -> None:
        assert self.segments.synced_sequence == self.segments.last_sequence
        self.told.append(payloads)

    def on_disk(self) -> list[int]:
        return [record.sequence for record in read_records(self.directory)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    os.close(made.descriptor)


def test_records_reach_the_disk_at_once_and_are_released_after_their_sync(rig: Rig) -> None:
    rig.ring.append(records([1, 2]))
    rig.drain.turn(now=10.0)
    rig.ring.append(records([3]))
    rig.drain.turn(now=10.1)
    assert rig.on_disk() == [1, 2, 3]
    assert rig.told.records() == records([1, 2])
    assert rig.ring.state.synced_sequence == 2
    assert not rig.drain.idle
    rig.drain.turn(now=10.2)
    assert rig.told.records() == records([1, 2, 3])
    assert rig.ring.state.waiting_octets == 0
    assert rig.drain.idle


def test_a_full_disk_is_told_once_and_nothing_is_lost_when_space_is_back(rig: Rig) -> None:
    rig.ring.append(records([1]))
    rig.drain.turn(now=0.0)
    rig.segments.write_fails = True
    rig.ring.append(records([2, 3]))
    assert rig.drain.turn(now=0.05) == DiskTrouble(errno.ENOSPC, "[Errno 28] no space left on device")
    assert rig.drain.turn(now=0.1) is None
    assert rig.ring.state.disk_errno == errno.ENOSPC
    rig.segments.write_fails = False
    rig.ring.append(records([4]))
    assert rig.drain.turn(now=0.15) == DiskTrouble(0, "")
    assert rig.ring.state.disk_errno == 0
    assert rig.on_disk() == [1, 2, 3, 4]
    assert rig.told.records() == records([1, 2, 3, 4])


def test_a_failed_sync_writes_everything_again(rig: Rig) -> None:
    rig.segments.sync_fails = True
    rig.ring.append(records([1, 2]))
    trouble = rig.drain.turn(now=0.0)
    assert trouble is not None
    assert trouble.errno == errno.EIO
    assert rig.ring.state.waiting_octets > 0
    rig.segments.sync_fails = False
    rig.drain.turn(now=0.05)
    assert rig.on_disk() == [1, 2]
    assert rig.told.records() == records([1, 2])


def test_a_writer_killed_between_write_and_sync_doubles_nothing(rig: Rig) -> None:
    rig.ring.append(records([1]))
    rig.drain.turn(now=0.0)
    rig.ring.append(records([2, 3]))
    rig.drain.turn(now=0.1)
    rig.start()
    rig.ring.append(records([4]))
    rig.drain.turn(now=0.0)
    assert rig.on_disk() == [1, 2, 3, 4]
    assert rig.drain.passed_over == 2
    assert rig.ring.state.waiting_octets == 0


def test_records_that_were_written_already_are_released_without_new_ones(rig: Rig) -> None:
    rig.ring.append(records([1]))
    rig.drain.turn(now=0.0)
    rig.ring.append(records([2]))
    rig.drain.turn(now=0.1)
    rig.start()
    rig.drain.turn(now=0.0)
    assert rig.ring.state.waiting_octets == 0
    assert rig.drain.idle


def test_the_last_turn_syncs_without_waiting(rig: Rig) -> None:
    rig.drain.turn(now=0.0)
    rig.ring.append(records([1]))
    rig.drain.turn(now=0.01, sync=True)
    rig.ring.append(records([2]))
    rig.drain.turn(now=0.02, sync=True)
    assert rig.drain.idle
    assert rig.told.records() == records([1, 2])
