"""A database of an earlier version gets the columns that it lacks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from softswitch.core.rows import RowChange
from softswitch.storage.record_store import RecordStore


def test_columns_that_are_new_are_added_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "softswitch.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE legs (leg VARCHAR PRIMARY KEY, number VARCHAR)")
        connection.execute("INSERT INTO legs VALUES ('c.1', '101')")
    store = RecordStore(f"sqlite:///{path}")
    store.apply([RowChange("legs", ("c.2",), {"number": "102", "mos_in": 4.2})], 5)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT leg, number, mos_in FROM legs ORDER BY leg").fetchall()
    assert rows == [("c.1", "101", None), ("c.2", "102", 4.2)]
