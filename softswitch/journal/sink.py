"""Where the facts of a turn go before its effects are let out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from softswitch.core.facts import Record


class FactSink(Protocol):
    """The near end of the journal, as whoever makes facts sees it."""

    def keep(self, records: Sequence[Record]) -> None:
        """Keep the records of a turn in this order; never blocks.

        Raises:
            JournalError: a fact's class was never declared with :func:`~softswitch.core.facts.fact`.
        """
        ...
