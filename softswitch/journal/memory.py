"""A journal that is a list: for the simulation, where nothing may touch a disk."""

from __future__ import annotations

from collections.abc import Sequence


class MemoryJournal:
    """Keeps everything, in order."""

    __slots__ = ("_records",)

    def __init__(self) -> None:
        self._records: list[bytes] = []

    def append(self, records: Sequence[bytes]) -> None:
        """Keep encoded records."""
        self._records += records

    def records(self) -> list[bytes]:
        """Return all that was kept, oldest first."""
        return list(self._records)

    def take(self) -> list[bytes]:
        """Return all that was kept, and keep it no more: for runs so long that it would fill the memory."""
        taken, self._records = self._records, []
        return taken

    def __len__(self) -> int:
        return len(self._records)
