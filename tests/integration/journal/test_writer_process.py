from __future__ import annotations

import dataclasses
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from softswitch.app.processes import VARIABLE, Inherited
from softswitch.calls.facts import ConversationEnded, ConversationStarted
from softswitch.core.facts import encode
from softswitch.journal.reading import Gap, read_journal
from softswitch.journal.ring import HEADER_OCTETS, RingWriter
from softswitch.runtime.settings import Settings, StorageSettings
from tests.fuzz.conftest import scale
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.network


class Rig:
    """A ring, the directory behind it, and the lives of the writer between them; the test is the brain."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.descriptor = os.memfd_create("ring")
        os.ftruncate(self.descriptor, HEADER_OCTETS + (1 << 20))
        self.ring = RingWriter(self.descriptor)
        self.calls = 0
        self.writer: subprocess.Popen[bytes] | None = None
        self.life = os.pipe()

    def start(self) -> None:
        """Begin a life of the writer, and wait until it is ready."""
        ready, told = os.pipe()
        settings = Settings(storage=StorageSettings(directory=self.directory)).dump()
        given = Inherited(
            "writer", 0, self.life[0], told, self.descriptor, (), -1, (), (), -1, {"settings": settings}, {}, (), {}
        )
        environment = {**os.environ, VARIABLE: json.dumps(dataclasses.asdict(given))}
        self.writer = subprocess.Popen(
            [sys.executable, "-m", "softswitch.app.writer_process"],
            env=environment,
            pass_fds=(self.life[0], told, self.descriptor),
            stderr=subprocess.DEVNULL,
        )
        os.close(told)
        assert os.read(ready, 10) == b"ready\n"
        os.close(ready)

    def end(self, number: signal.Signals) -> int:
        assert self.writer is not None
        self.writer.send_signal(number)
        code = self.writer.wait(PATIENCE_S)
        self.writer = None
        return code

    def close(self) -> None:
        if self.writer is not None:
            self.end(signal.SIGKILL)
        for descriptor in (self.descriptor, *self.life):
            os.close(descriptor)

    def call(self, count: int = 1) -> None:
        """Keep the facts of some calls: two each."""
        for _ in range(count):
            self.calls += 1
            sequence, name = self.ring.last_sequence, f"c{self.calls}"
            started = encode(sequence + 1, 1000.0, name, ConversationStarted("101", "102"))
            self.ring.append([started, encode(sequence + 2, 1005.0, name, ConversationEnded("completed", 200))])

    def kept(self) -> list[int]:
        items = list(read_journal(self.directory / "journal"))
        assert not [item for item in items if isinstance(item, Gap)]
        return [item.sequence for item in items if not isinstance(item, Gap)]

    def rows(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.directory / "softswitch.db")) as connection:
            return connection.execute("SELECT conversation_id, end_reason FROM conversations ORDER BY rowid").fetchall()

    def rows_or_none(self) -> list[tuple[str, str]]:
        """Look while the tables may be about to be made."""
        try:
            return self.rows()
        except sqlite3.OperationalError:
            return []

    def assert_complete(self) -> None:
        assert self.kept() == list(range(1, 2 * self.calls + 1))
        assert self.rows() == [(f"c{number}", "completed") for number in range(1, self.calls + 1)]
        assert self.ring.state.waiting_octets == 0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_a_writer_that_is_told_to_end_leaves_nothing_in_the_ring(rig: Rig) -> None:
    rig.start()
    rig.call(200)
    assert rig.end(signal.SIGTERM) == 0
    rig.assert_complete()


def test_a_writer_killed_again_and_again_loses_and_doubles_nothing(rig: Rig) -> None:
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1 << 30)
    print(f"CRASH_SEED={seed}")  # noqa: T201  # shown when the test fails
    chance = random.Random(seed)
    for _ in range(scale(2)):
        rig.start()
        for _ in range(chance.randrange(1, 60)):
            rig.call(chance.randrange(1, 5))
            time.sleep(chance.random() * 0.004)
        rig.end(signal.SIGKILL)
        rig.call(3)
    rig.start()
    assert rig.end(signal.SIGTERM) == 0
    rig.assert_complete()


def test_a_disk_that_takes_no_more_leaves_the_facts_in_the_ring_until_it_does(rig: Rig) -> None:
    rig.start()
    assert rig.writer is not None
    rig.call(5)
    until(lambda: rig.ring.state.waiting_octets == 0)
    unlimited = resource.prlimit(rig.writer.pid, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
    rig.call(50)
    until(lambda: rig.ring.state.disk_errno != 0)
    rig.call(50)
    assert rig.ring.state.alarm
    assert rig.writer.poll() is None
    resource.prlimit(rig.writer.pid, resource.RLIMIT_FSIZE, unlimited)
    until(lambda: rig.ring.state.disk_errno == 0)
    assert rig.end(signal.SIGTERM) == 0
    rig.assert_complete()
    assert rig.ring.state.records_lost == 0


def test_a_database_that_is_none_stops_no_fact(rig: Rig) -> None:
    (rig.directory / "softswitch.db").write_text("This is a letter, not a database." * 100)
    rig.start()
    rig.call(20)
    until(lambda: rig.ring.state.waiting_octets == 0)
    assert rig.kept() == list(range(1, 41))
    assert rig.ring.state.database_failing
    (rig.directory / "softswitch.db").unlink()
    until(lambda: (rig.directory / "softswitch.db").exists() and len(rig.rows_or_none()) == 20)
    assert rig.end(signal.SIGTERM) == 0
    rig.assert_complete()
