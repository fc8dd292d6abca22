from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from softswitch.app.journal_watch import LATE_S, JournalWatch
from softswitch.core.facts import encode
from softswitch.directory.bans import SourceBanned
from softswitch.journal.ring import RingReader, RingWriter


@dataclass
class Rig:
    ring: RingWriter
    reader: RingReader
    watch: JournalWatch
    sequence: int = 0

    def keep(self) -> None:
        self.sequence += 1
        self.ring.append([encode(self.sequence, 0.0, "", SourceBanned("192.0.2.9", 0.0, "guessing"))])

    def sync(self) -> None:
        while self.reader.read():
            pass
        self.reader.release(self.sequence)

    def look(self, now: float) -> float:
        self.watch.look(self.ring.state, now)
        return self.watch.late_s


@pytest.fixture
def rig() -> Iterator[Rig]:
    memory = os.memfd_create("ring")
    os.ftruncate(memory, 1 << 16)
    made = Rig(RingWriter(memory), RingReader(memory), JournalWatch())
    os.close(memory)
    yield made
    made.ring.close()
    made.reader.close()


def test_a_writer_that_stands_still_is_told_once_and_so_is_its_return(rig: Rig) -> None:
    with capture_logs() as logs:
        for now in range(10):
            rig.keep()
            assert rig.look(now) == now
        rig.sync()
        assert rig.look(10) == 0.0
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("journal.late", "warning"),
        ("journal.in_time_again", "info"),
    ]
    assert (logs[0]["waiting_s"], logs[0]["facts"]) == (LATE_S, 6)


def test_facts_that_always_wait_for_a_writer_that_gets_on_are_not_late(rig: Rig) -> None:
    with capture_logs() as logs:
        rig.keep()
        for now in range(20):
            assert rig.look(now) <= 1
            rig.sync()
            rig.keep()
    assert logs == []


def test_a_switch_at_rest_is_not_late(rig: Rig) -> None:
    rig.keep()
    rig.sync()
    assert [rig.look(now) for now in (0, 100, 200)] == [0.0, 0.0, 0.0]
