"""Records made again from archive and journal equal those that were written call by call."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from softswitch.app.record_projection import RecordProjection
from softswitch.app.records_rebuild import ever_kept, rebuild_records
from softswitch.app.upkeep import DAY_S, keep_up
from softswitch.core.facts import decode
from softswitch.journal.archive import retired_through
from softswitch.journal.framing import sequence_of
from softswitch.journal.segments import SegmentWriter
from softswitch.storage.record_store import (
    RecordStore,
    database_file,
    default_url,
    put_rebuilt_in_place,
    rebuilt_file,
)
from tests.fuzz.eventful import eventful_journal

TABLES = ("conversations", "legs", "segment_legs", "projections")


def rows(directory: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database_file(directory))) as connection:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=str) for name in TABLES}  # noqa: S608  # our own names


def projection(directory: Path) -> RecordProjection:
    return RecordProjection(
        directory / "journal",
        lambda: RecordStore(default_url(directory)),
        is_rebuilt=lambda: rebuilt_file(directory).exists(),
        put_in_place=lambda: put_rebuilt_in_place(directory),
        ever_kept=ever_kept,
    )


def level(live: RecordProjection, last: int) -> None:
    for moment in range(100):
        live.turn(last, now=1000.0 * moment, at_once=True)
        if live.level:
            return
    pytest.fail("the projection never comes level")


@pytest.fixture
def live(tmp_path: Path) -> tuple[RecordProjection, int]:
    """An eventful journal in several segments, and its records as the writer makes them, a few facts at a time."""
    journal = eventful_journal(1)
    segments = SegmentWriter(tmp_path / "journal", rotate_octets=20_000)
    made = projection(tmp_path)
    for start in range(0, len(journal), 7):
        batch = journal[start : start + 7]
        segments.append(batch)
        segments.sync()
        made.on_synced(batch)
        level(made, segments.last_sequence)
    segments.close()
    return made, len(journal)


def test_a_rebuild_equals_the_live_records(tmp_path: Path, live: tuple[RecordProjection, int]) -> None:
    made, last = live
    before = rows(tmp_path)
    assert len(before["conversations"]) > 20
    made.close()
    seen: list[tuple[int, int]] = []
    assert rebuild_records(tmp_path, lambda *progress: seen.append(progress), pytest.fail) == last
    assert put_rebuilt_in_place(tmp_path)
    assert rows(tmp_path) == before
    assert seen[-1] == (last, last)


def test_what_was_archived_is_part_of_it(tmp_path: Path, live: tuple[RecordProjection, int]) -> None:
    made, _ = live
    made.close()
    before = rows(tmp_path)
    late = decode(eventful_journal(1)[-1]).wall_s + 91 * DAY_S
    keep_up(tmp_path / "journal", keep_days=90, wall_s=late)
    assert retired_through(tmp_path / "journal") > 100
    database_file(tmp_path).write_bytes(b"This is a letter, not a database." * 100)
    rebuild_records(tmp_path, lambda *_: None, pytest.fail)
    assert put_rebuilt_in_place(tmp_path)
    assert rows(tmp_path) == before


def test_a_running_projection_takes_what_was_made_again_and_goes_on(
    tmp_path: Path, live: tuple[RecordProjection, int]
) -> None:
    made, last = live
    before = rows(tmp_path)
    rebuild_records(tmp_path, lambda *_: None, pytest.fail)
    level(made, last)
    made.turn(last, now=1e9, at_once=True)
    assert not rebuilt_file(tmp_path).exists()
    level(made, last)
    assert rows(tmp_path) == before


def test_a_database_that_was_deleted_under_a_running_projection_is_filled_again(
    tmp_path: Path, live: tuple[RecordProjection, int]
) -> None:
    made, last = live
    before = rows(tmp_path)
    database_file(tmp_path).unlink()
    made.turn(last, now=1e9, at_once=True)
    level(made, last)
    assert rows(tmp_path) == before
    assert sequence_of(eventful_journal(1)[-1]) == last
