from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from softswitch.core.errors import JournalError
from softswitch.core.rows import RowChange, Value
from softswitch.storage.record_store import RecordStore, default_url
from softswitch.storage.schema import CONVERSATIONS
from softswitch.storage.upserts import upsert
from tests.fuzz.conftest import scale

START = 1_800_000_000.25
CALL = [
    RowChange(
        "conversations", ("c1",), {"kind": "call", "started_at": START, "from_number": "101", "to_number": "102"}
    ),
    RowChange("legs", ("c1.1",), {"conversation_id": "c1", "number": "101"}),
    RowChange("legs", ("c1.2",), {"conversation_id": "c1", "number": "102"}),
    RowChange("conversations", ("c1",), {"answered_at": START + 2}),
    RowChange("segments", ("c1", 1), {"leg_a": "c1.1", "leg_b": "c1.2", "started_at": START + 2}),
    RowChange("segments", ("c1", 1), {"ended_at": START + 9}),
    RowChange("conversations", ("c1",), {"ended_at": START + 9, "end_reason": "completed", "end_status": 200}),
]


def rows(path: Path, query: str) -> list[tuple[Value, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "softswitch.db"


def store_at(path: Path) -> RecordStore:
    return RecordStore(default_url(path.parent))


def test_times_are_iso_8601_in_utc(path: Path) -> None:
    store = store_at(path)
    store.apply(CALL, 7)
    store.close()
    query = "SELECT started_at, answered_at, ended_at, end_reason FROM conversations"
    assert rows(path, query) == [
        ("2027-01-15T08:00:00.250Z", "2027-01-15T08:00:02.250Z", "2027-01-15T08:00:09.250Z", "completed")
    ]
    assert rows(path, "SELECT unixepoch(ended_at) - unixepoch(started_at) FROM conversations") == [(9,)]


def test_a_segment_names_its_parties_by_their_numbers(path: Path) -> None:
    store = store_at(path)
    store.apply(CALL, 7)
    store.close()
    query = "SELECT conversation_id, segment, party_a, party_b, leg_a FROM segments"
    assert rows(path, query) == [("c1", 1, "101", "102", "c1.1")]


def test_the_next_process_goes_on_behind_the_last_fact(path: Path) -> None:
    first = store_at(path)
    first.apply(CALL[:4], 4)
    first.close()
    second = store_at(path)
    assert second.sequence == 4
    second.apply(CALL[4:], 7)
    second.close()
    assert len(rows(path, "SELECT * FROM conversations")) == 1
    assert rows(path, "SELECT name, sequence FROM projections") == [("calls", 7)]


def test_changes_without_rows_still_move_the_projection_on(path: Path) -> None:
    store = store_at(path)
    store.apply((), 12)
    assert store.sequence == 12
    store.restart_at(3)
    store.close()
    again = store_at(path)
    assert again.sequence == 3
    again.close()


def test_a_batch_that_fails_leaves_nothing_behind(path: Path) -> None:
    store = store_at(path)
    store.apply(CALL[:1], 1)
    with pytest.raises(JournalError, match="the database failed"):
        store.apply([CALL[1], RowChange("conversations", ("c2",), {"end_status": 2**70})], 2)
    assert store.sequence == 1
    store.close()
    assert rows(path, "SELECT * FROM legs") == []


def test_octets_that_no_database_takes_cost_no_record(path: Path) -> None:
    store = store_at(path)
    store.apply([RowChange("conversations", ("c1",), {"from_name": "A\udcff\0Б"})], 1)
    store.close()
    assert rows(path, "SELECT from_name FROM conversations") == [("A??Б",)]


def test_the_file_is_its_owners_alone(path: Path) -> None:
    store_at(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("This is a letter, not a database." * 100)
    with pytest.raises(JournalError, match="the database failed"):
        store_at(path)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        store_at(tmp_path / "nowhere" / "softswitch.db")


def test_a_database_we_do_not_know_is_refused() -> None:
    with pytest.raises(JournalError, match="mysql is not a database for call records"):
        RecordStore("mysql://root@localhost/x")


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(JournalError, match="the database failed"):
        RecordStore("not a url")


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(JournalError, match="pip install"):
        RecordStore("postgresql://localhost/softswitch")


def test_postgresql_gets_the_same_upsert() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's is untyped
    statement = str(upsert(CONVERSATIONS, ["kind"], "postgresql").compile(dialect=dialect))
    assert statement.endswith("ON CONFLICT (conversation_id) DO UPDATE SET kind = excluded.kind")


CHANGES = st.lists(
    st.builds(
        RowChange,
        st.just("conversations"),
        st.tuples(st.sampled_from(["c1", "c2", "c3"])),
        st.dictionaries(st.sampled_from(["answered_at", "end_status", "started_at"]), st.integers(0, 99), min_size=1),
    ),
    max_size=25,
)


def table_after(changes: list[RowChange], sizes: list[int]) -> object:
    store = RecordStore("sqlite://")
    while changes:
        size = sizes.pop() if sizes else len(changes)
        batch, changes = changes[:size], changes[size:]
        store.apply(batch, 1)
    with store._engine.begin() as connection:  # the test looks where users look with a tool of theirs
        found = connection.exec_driver_sql("SELECT * FROM conversations ORDER BY conversation_id").fetchall()
    store.close()
    return found


@settings(max_examples=scale(25), deadline=None)
@given(CHANGES, st.lists(st.integers(1, 5), max_size=25))
def test_the_rows_are_the_same_whatever_the_batches(changes: list[RowChange], sizes: list[int]) -> None:
    assert table_after(list(changes), []) == table_after(list(changes), sizes)
