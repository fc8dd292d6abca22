"""A journal that is a list: for the simulation, where nothing may touch a disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softswitch.core.facts import Record, decode, encode_alone


class MemoryJournal:
    """Keeps everything, in order; records are encoded when somebody wants to see them so."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Record | bytes] = []

    def keep(self, records: Sequence[Record]) -> None:
        """Keep the records of a turn."""
        self._kept += records

    def append(self, records: Sequence[bytes]) -> None:
        """Keep encoded records."""
        self._kept += records

    def records(self) -> list[bytes]:
        """Return all that was kept, oldest first, as it is encoded."""
        return [record if isinstance(record, bytes) else encode_alone(record) for record in self._kept]

    def decoded(self) -> Iterator[Record]:
        """Give all that was kept, oldest first."""
        return (decode(record) if isinstance(record, bytes) else record for record in self._kept)

    def take(self) -> list[bytes]:
        """Return all that was kept, and keep it no more: for runs so long that it would fill the memory."""
        taken, self._kept = self.records(), []
        return taken

    def __len__(self) -> int:
        return len(self._kept)
