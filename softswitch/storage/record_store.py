"""Writing call records: a batch of row changes and the projection's sequence number in one transaction."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from softswitch.core.errors import JournalError
from softswitch.core.rows import RowChange, Value
from softswitch.storage.schema import METADATA, PROJECTIONS, SEGMENTS_VIEW
from softswitch.storage.upserts import Key, Upserts

_PROJECTION: Final = "calls"
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
_BACKENDS: Final = frozenset({"sqlite", "postgresql"})


def database_file(directory: Path) -> Path:
    """Return the database that lies in the storage directory."""
    return directory / "softswitch.db"


def rebuilt_file(directory: Path) -> Path:
    """Return where a database that was made again waits until it is put in place."""
    return directory / "softswitch.db.rebuilt"


def put_rebuilt_in_place(directory: Path) -> bool:
    """Put a database that was made again in the place of the one before; tell whether there was one.

    Nobody may have the database open. The write-ahead log of the old one must not meet the new one, so it goes first.
    """
    rebuilt, database = rebuilt_file(directory), database_file(directory)
    if not rebuilt.exists():
        return False
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    rebuilt.replace(database)
    return True


def default_url(directory: Path) -> str:
    """Return the URL of the database that lies in the storage directory."""
    return f"sqlite:///{database_file(directory)}"


class RecordStore:
    """The tables of call records, with one writer.

    Args:
        url: a SQLAlchemy URL, of SQLite (``sqlite://`` is one in memory) or PostgreSQL.

    Raises:
        JournalError: from every method, when the database fails; nothing of the batch is in it then.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._file = Path(self._engine.url.database or "") if self._engine.dialect.name == "sqlite" else Path()
        self._upserts = Upserts(self._engine.dialect)
        try:
            with self._engine.begin() as connection:
                _create_tables(connection)
                self._sequence = _read_sequence(connection)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise _failure(error) from error
        self._inode = self._inode_now()

    @property
    def gone(self) -> bool:
        """Whether somebody has removed or replaced the database's file: what is written now, nobody would see."""
        return self._inode_now() != self._inode

    def _inode_now(self) -> int:
        try:
            return self._file.stat().st_ino
        except OSError:
            return 0

    @property
    def sequence(self) -> int:
        """The last fact that the rows tell of."""
        return self._sequence

    def apply(self, changes: Iterable[RowChange], sequence: int) -> None:
        """Write the changes and remember how far they reach."""
        progress = RowChange(PROJECTIONS.name, (_PROJECTION,), {"sequence": sequence})
        try:
            with self._engine.begin() as connection:
                for statement, rows in self._upserts.statements(merged(chain(changes, (progress,)))):
                    connection.exec_driver_sql(statement, rows)
        except (SQLAlchemyError, OverflowError) as error:
            raise _failure(error) from error
        self._sequence = sequence

    def restart_at(self, sequence: int) -> None:
        """Let the projection go on behind another fact: the journal lost its end, and its numbers come again."""
        self.apply((), sequence)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def merged(changes: Iterable[RowChange]) -> dict[str, dict[Key, dict[str, Value]]]:
    """Add up the changes of each row: table to key to columns."""
    tables: dict[str, dict[Key, dict[str, Value]]] = {}
    for change in changes:
        rows = tables.setdefault(change.table, {})
        row = rows.get(change.key)
        if row is None:
            rows[change.key] = dict(change.values)
        else:
            row.update(change.values)
    return tables


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise _failure(error) from error
    if parsed.get_backend_name() not in _BACKENDS:
        raise JournalError(f"{parsed.get_backend_name()} is not a database for call records; use SQLite or PostgreSQL")
    if parsed.get_backend_name() != "sqlite":
        return _postgres_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    engine = create_engine(parsed)
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _postgres_engine(parsed: URL) -> Engine:
    try:
        return create_engine(parsed.set(drivername="postgresql+psycopg"))
    except ModuleNotFoundError:
        raise JournalError("PostgreSQL needs its driver: pip install 'psycopg[binary]'") from None


def _make_private(path: Path) -> None:
    """Create the file for its owner alone, before SQLite makes it for everybody."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise JournalError(f"the database cannot be opened: {error}") from error


def _set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()  # the pool does not know it yet
        raise
    finally:
        cursor.close()


def _create_tables(connection: Connection) -> None:
    METADATA.create_all(connection)
    _add_new_columns(connection)
    if "segments" not in inspect(connection).get_view_names():
        connection.execute(text(SEGMENTS_VIEW))


def _add_new_columns(connection: Connection) -> None:
    """Give the tables of an earlier version the columns that they lack; what was before them has nothing there."""
    found = inspect(connection)
    for table in METADATA.sorted_tables:
        known = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                kind = column.type.compile(connection.dialect)
                connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))


def _read_sequence(connection: Connection) -> int:
    query = select(PROJECTIONS.c.sequence).where(PROJECTIONS.c.name == _PROJECTION)
    return connection.execute(query).scalar() or 0


def _failure(error: Exception) -> JournalError:
    cause = getattr(error, "orig", None) or error
    return JournalError(f"the database failed: {cause}")
