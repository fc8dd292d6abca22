"""All that facts leave in the database: rows of calls, and of queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from softswitch.calls import records as of_calls
from softswitch.core.facts import Record
from softswitch.core.rows import RowChange
from softswitch.queues import records as of_queues

PROJECTED: Final = of_calls.PROJECTED | of_queues.PROJECTED
"""The names of the facts that leave a trace; others need not even be decoded."""


def project(record: Record) -> Sequence[RowChange]:
    """Return the rows that a record changes."""
    return of_calls.project(record) or of_queues.project(record)
