"""Where the facts of a turn go before its effects are let out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class FactSink(Protocol):
    """The near end of the journal, as whoever makes facts sees it."""

    def append(self, records: Sequence[bytes]) -> None:
        """Keep encoded records (:func:`softswitch.core.facts.encode`) in this order; never blocks, never raises."""
        ...
