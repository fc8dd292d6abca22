"""The statements that insert rows of call records, or update them where they are there.

They are compiled once and go to the driver with ready values: SQLAlchemy's own way through a row costs more than all
the rest of writing it. There is one for each set of columns that has come so far, some dozens: to hand Python's
``sqlite3`` a NULL costs it more than to hand it a value and store it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Dialect, String, Table
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from softswitch.core.rows import Value
from softswitch.storage.instants import Instant
from softswitch.storage.schema import TABLE_OF_ROWS

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.sql.dml import Insert

Key = tuple[str | int, ...]
Row = tuple[Key, dict[str, Any]]

_INSTANTS_REMEMBERED: Final = 4096
"""As texts: the rows of a call, and those of its turns, name the same moments."""


class Upserts:
    """The statements for one database.

    Args:
        dialect: the database's.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: dict[tuple[str, tuple[str, ...]], _Upsert] = {}
        self._storable_instant = lru_cache(maxsize=_INSTANTS_REMEMBERED)(
            partial(Instant().process_bind_param, dialect=dialect)
        )

    def statements(self, tables: Mapping[str, Mapping[Key, dict[str, Value]]]) -> Iterator[tuple[str, list[Any]]]:
        """Return the statements that write rows, each with what the driver wants for it; the rows are changed.

        Args:
            tables: name to key to columns; a column that is not among them keeps what it had.
        """
        for table, rows in tables.items():
            alike: dict[tuple[str, ...], list[Row]] = {}
            for key, values in rows.items():
                alike.setdefault(tuple(values), []).append((key, values))
            for columns, some in alike.items():
                made = self._made.get((table, columns))
                if made is None:
                    made = self._made[table, columns] = _Upsert(TABLE_OF_ROWS[table], columns, self._dialect)
                yield made.sql, made.parameters(some, self._storable_instant)


class _Upsert:
    """One statement: of a table, for rows that have these columns."""

    __slots__ = ("_instants", "_names", "_pick", "_pick_texts", "_texts", "sql")

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        given = [column.name for column in table.columns if column.name in columns]  # as they are compiled
        compiled = upsert(table, given, dialect.name).compile(dialect=dialect)
        self.sql = str(compiled)
        keys = table.primary_key.columns.keys()
        self._names = None if compiled.positional else (*keys, *given)
        self._instants = tuple(name for name in given if isinstance(table.c[name].type, Instant))
        self._texts = tuple(name for name in given if isinstance(table.c[name].type, String))
        self._pick, self._pick_texts = _picker(given), _picker(self._texts)

    def parameters(self, rows: Sequence[Row], storable_instant: Any) -> list[Any]:  # noqa: ANN401  # a cached function
        """Return the rows as the driver wants them."""
        instants, texts, pick, names = self._instants, self._pick_texts, self._pick, self._names
        ready = []
        for key, values in rows:
            for column in instants:
                values[column] = storable_instant(values[column])
            told = "".join(texts(values))
            if not told.isascii() or "\0" in told:
                for column in self._texts:
                    values[column] = _storable(values[column])
            ready.append((*key, *pick(values)))
        return ready if names is None else [dict(zip(names, values, strict=True)) for values in ready]


def _picker(columns: Sequence[str]) -> Any:  # noqa: ANN401  # of any columns, as a tuple
    """Return what takes these columns out of a row, as a tuple whatever their number."""
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda values: tuple(values[column] for column in columns)


def upsert(table: Table, columns: Sequence[str], dialect: str) -> Insert:
    """Make the statement for rows of these columns; of a row that is there, the others keep what they had."""
    keys = table.primary_key.columns.keys()
    statement: Any = _insert(table, dialect).values(dict.fromkeys((*keys, *columns)))
    fresh = {name: statement.excluded[name] for name in columns}
    made: Insert = statement.on_conflict_do_update(index_elements=keys, set_=fresh)
    return made


def _storable(value: str) -> str:
    """Replace what no database takes: octets of a phone that were no UTF-8, and NUL."""
    return value.encode(errors="replace").decode().replace("\0", "?")


def _insert(table: Table, dialect: str) -> PostgresInsert | SqliteInsert:
    if dialect == "sqlite":
        return sqlite_insert(table)
    from sqlalchemy.dialects.postgresql import insert  # a fifth of the time that the writer takes to start

    return insert(table)
