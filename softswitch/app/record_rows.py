"""All that facts leave in the database: rows of calls, and of queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from softswitch.calls.records import PROJECTORS as OF_CALLS
from softswitch.core.fact_sieve import FactSieve
from softswitch.core.facts import Record, name_of_class
from softswitch.core.rows import RowChange
from softswitch.queues.records import PROJECTORS as OF_QUEUES

_PROJECTORS: Final = {**OF_CALLS, **OF_QUEUES}

PROJECTED: Final = frozenset(map(name_of_class, _PROJECTORS))
"""The names of the facts that leave a trace; others need not even be decoded."""
SIEVE: Final = FactSieve(_PROJECTORS)
"""Reads them."""


def project(records: Iterable[Record]) -> Iterator[RowChange]:
    """Return the rows that records change, in their order; facts that leave no trace, and unknown ones, change none.

    One after the other: of thousands, none is still in the processor's cache when its turn would come.
    """
    for record in records:
        projector = _PROJECTORS.get(type(record.fact))
        if projector is not None:
            yield from projector(record, record.fact)
