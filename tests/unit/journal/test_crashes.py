"""Each side dies at each of its lines, and whoever comes after goes on with nothing lost and nothing doubled."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from softswitch.journal.drain import Drain
from softswitch.journal.framing import sequence_of
from softswitch.journal.reading import Gap, read_journal
from softswitch.journal.ring import HEADER_OCTETS, RingReader, RingWriter
from softswitch.journal.segments import SegmentWriter
from tests.unit.journal.crash import dies_at, undying
from tests.unit.journal.records import records
from tests.unit.journal.turns import turn


def memory(capacity: int) -> int:
    descriptor = os.memfd_create("ring")
    os.ftruncate(descriptor, HEADER_OCTETS + capacity)
    return descriptor


@pytest.mark.parametrize("together", [True, False])
def test_a_producer_that_dies_at_any_line_leaves_the_old_ring_or_the_new_one(together: bool) -> None:
    for line in itertools.count(1):
        descriptor = memory(300)  # so small that the second batch wraps
        writer, reader = RingWriter(descriptor), RingReader(descriptor)
        writer.append(records([1, 2, 3, 4]))
        assert len(reader.read()) == 4
        reader.release(4)
        keep = partial(writer.keep, turn(5, 2)) if together else partial(writer.append, records([5, 6]))
        died = dies_at(line, keep)
        heir = RingWriter(descriptor)
        assert heir.last_sequence in {4, 6}
        heir.append(records([7]))
        seen = [sequence_of(payload) for payload in RingReader(descriptor).read()]
        assert seen in ([7], [5, 7] if together else [5, 6, 7])
        assert heir.state.records_lost == 0
        os.close(descriptor)
        if not died:
            assert line > 10
            return


class Life:
    """One life of the journal's writer on a ring and a directory."""

    def __init__(self, descriptor: int, directory: Path, told: list[int]) -> None:
        self.told = told
        self.segments = SegmentWriter(directory, rotate_octets=150)
        self.drain = Drain(RingReader(descriptor), self.segments, on_synced=self.on_synced, sync_interval_s=0.0)

    def on_synced(self, payloads: Sequence[bytes]) -> None:
        self.told += [sequence_of(payload) for payload in payloads]

    def work(self, ring: RingWriter) -> None:
        for number in range(5, 11, 2):
            batch = records([number, number + 1])
            undying(lambda: ring.append(batch))  # noqa: B023  # done at once
            self.drain.turn(now=float(number))


@pytest.fixture
def memory_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one: hundreds of lives sync thousands of times."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as name:
        yield Path(name)


def test_a_writer_that_dies_at_any_line_loses_and_doubles_nothing(memory_disk: Path) -> None:
    for line in itertools.count(1):
        directory = memory_disk / str(line)
        descriptor = memory(4096)
        ring, told = RingWriter(descriptor), list[int]()
        ring.append(records([1, 2, 3, 4]))
        died = dies_at(line, lambda: Life(descriptor, directory, told).work(ring))  # noqa: B023  # done within the turn
        heir = Life(descriptor, directory, told)
        first = ring.last_sequence + 1
        ring.append(records([first]))
        heir.drain.turn(now=100.0, sync=True)
        heir.segments.close()
        items = list(read_journal(directory))
        assert not [item for item in items if isinstance(item, Gap)], line
        assert [item.sequence for item in items if not isinstance(item, Gap)] == list(range(1, first + 1)), line
        assert told == sorted(set(told)), line
        os.close(descriptor)
        if not died:
            assert line > 200
            return
