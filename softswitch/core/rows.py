"""What a projection of facts says about a database, without knowing one."""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.core.immutable import immutable

Value = str | int | float


@immutable
class RowChange:
    """Columns of one row that have a new value; the row is made when it is not there.

    Said twice it does no harm. Several changes of one row add up, the later value of a column wins, so they may be
    put together before they reach the database.
    """

    table: str
    key: tuple[str | int, ...]
    """The primary key, in the table's order."""
    values: Mapping[str, Value]
    """Column to value; times are wall-clock seconds. No fact empties a column."""
