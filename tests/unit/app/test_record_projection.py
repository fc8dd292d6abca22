from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from softswitch.app import record_projection
from softswitch.app.record_projection import RecordProjection
from softswitch.calls.facts import ConversationStarted, LegMediaOpened
from softswitch.core.errors import JournalError
from softswitch.core.facts import decode, encode, encode_turn
from softswitch.core.rows import RowChange
from softswitch.journal.segments import SegmentWriter
from softswitch.storage.record_store import RecordStore


def started(sequence: int) -> bytes:
    return encode(sequence, 1000.0 + sequence, f"c{sequence}", ConversationStarted("101", str(sequence)))


class FakeStore(RecordStore):
    """A database in memory that fails when told to, and counts how often each row was written."""

    def __init__(self) -> None:
        super().__init__("sqlite://")
        self.fails = False
        self.written: list[str | int] = []

    def close(self) -> None:
        """Stay open: a database in memory would be gone with its connection."""

    def apply(self, changes: Iterable[RowChange], sequence: int) -> None:
        if self.fails:
            raise JournalError("the database failed: it is ill")
        told = list(changes)
        super().apply(told, sequence)
        self.written += [change.key[0] for change in told]


class Rig:
    def __init__(self, directory: Path) -> None:
        self.segments = SegmentWriter(directory)
        self.store = FakeStore()
        self.store_opens = True
        self.projection = RecordProjection(directory, self.open)
        self.now = 0.0

    def open(self) -> RecordStore:
        if not self.store_opens:
            raise JournalError("the database failed: it is not there")
        return self.store

    def keep(self, *sequences: int) -> None:
        """Let facts be synced, as the drain does."""
        payloads = [started(sequence) for sequence in sequences]
        self.segments.append(payloads)
        self.segments.sync()
        self.projection.on_synced(payloads)

    def write(self, *sequences: int) -> None:
        """Keep facts and let them be written."""
        self.keep(*sequences)
        self.turn()

    def turn(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.now += record_projection.RETRY_S
            self.projection.turn(self.segments.synced_sequence, now=self.now)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.projection.close()
    made.segments.close()
    made.store.close()


def test_synced_facts_become_rows(rig: Rig) -> None:
    rig.turn()
    rig.write(1, 2)
    assert rig.store.written == ["c1", "c2"]
    assert rig.store.sequence == 2
    assert rig.projection.level


def test_facts_are_collected_for_a_moment(rig: Rig) -> None:
    rig.turn()
    rig.write(1)
    rig.keep(2)
    rig.projection.turn(2, now=rig.now + 0.1)
    assert not rig.projection.level
    rig.keep(3)
    rig.projection.turn(3, now=rig.now + record_projection.COLLECT_S)
    assert rig.store.written == ["c1", "c2", "c3"]
    assert rig.projection.level


def test_at_the_end_nothing_is_collected_any_longer(rig: Rig) -> None:
    rig.turn()
    rig.write(1)
    rig.keep(2)
    rig.projection.turn(2, now=rig.now, at_once=True)
    assert rig.projection.level


def test_facts_without_a_trace_only_move_the_projection_on(rig: Rig) -> None:
    rig.turn()
    rig.projection.on_synced([started(1), encode(2, 1002.0, "c1", LegMediaOpened("c1.1", 16384))])
    rig.turn()
    assert rig.store.sequence == 2
    assert rig.store.written == ["c1"]


def test_facts_of_before_the_start_are_caught_up_with_in_slices(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_projection, "SLICE_RECORDS", 2)
    rig.keep(1, 2, 3, 4, 5)
    rig.turn()
    assert rig.store.written == ["c1", "c2"]
    rig.keep(6)
    rig.turn(4)
    assert rig.store.written == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert rig.projection.level
    rig.write(7)
    assert rig.store.sequence == 7


def test_a_database_that_fails_misses_nothing_and_doubles_nothing(rig: Rig) -> None:
    rig.turn()
    rig.write(1)
    rig.store.fails = True
    rig.write(2)
    rig.write(3)
    rig.turn(3)
    assert not rig.projection.level
    rig.store.fails = False
    rig.keep(4)
    rig.turn(2)
    rig.write(5)
    assert rig.store.written == ["c1", "c2", "c3", "c4", "c5"]


def test_a_failing_database_is_not_tried_at_every_turn(rig: Rig) -> None:
    rig.store_opens = False
    rig.keep(1)
    rig.turn()
    rig.store_opens = True
    rig.projection.turn(1, now=rig.now + record_projection.RETRY_S / 2)
    assert not rig.projection.level
    rig.turn(2)
    assert rig.store.written == ["c1"]


def test_rows_ahead_of_a_journal_that_lost_its_end_do_not_hide_what_comes(rig: Rig) -> None:
    rig.store.restart_at(900)
    rig.keep(1)
    rig.turn(2)
    rig.write(2, 3)
    assert rig.store.sequence == 3
    assert rig.store.written[-2:] == ["c2", "c3"]


def test_facts_that_are_not_synced_yet_wait(rig: Rig) -> None:
    rig.keep(1)
    rig.segments.append([started(2)])
    rig.turn(2)
    assert rig.store.written == ["c1"]
    rig.segments.sync()
    rig.projection.on_synced([started(2)])
    rig.turn()
    assert rig.store.written == ["c1", "c2"]


def test_what_was_kept_together_is_projected_together(rig: Rig) -> None:
    made = [decode(started(sequence)) for sequence in (1, 2, 3)]
    rig.turn()
    rig.projection.on_synced([encode_turn(made[:2]), encode_turn(made[2:]), started(4)])
    rig.turn()
    assert rig.store.written == ["c1", "c2", "c3", "c4"]
    assert rig.store.sequence == 4


def test_of_a_turn_with_octets_that_are_no_fact_the_others_are_projected(rig: Rig) -> None:
    rig.turn()
    rig.projection.on_synced([b"\x93" + started(1) + b"\x96\x02\xc0\xc0\xc0\xc0\xc0" + started(3)])
    rig.turn()
    assert rig.store.written == ["c1", "c3"]
    assert rig.store.sequence == 3


def test_octets_that_are_no_fact_stop_nothing(rig: Rig) -> None:
    rig.turn()
    rig.projection.on_synced([started(1), b"\x96\x02nonsense", started(3)])
    rig.turn()
    assert rig.store.written == ["c1", "c3"]
