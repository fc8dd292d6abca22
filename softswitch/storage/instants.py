"""Times in the database: ISO 8601 text in UTC where there is no type for it, a real timestamp where there is."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import TIMESTAMP, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from softswitch.core.clock import iso_utc


class Instant(TypeDecorator[float]):
    """Wall-clock seconds on our side; ``2026-11-22T10:00:00.000Z`` in SQLite, ``timestamptz`` in PostgreSQL.

    The text sorts by time, and SQLite's own date functions read it.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(24))

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | str | None:
        """Turn seconds into what the column holds."""
        if value is None:
            return None
        return datetime.fromtimestamp(value, UTC) if dialect.name == "postgresql" else iso_utc(value)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> float | None:
        """Turn what the column holds into seconds."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.timestamp()
