"""Following a journal that is being written: the records that have come since the last look."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from softswitch.journal.framing import records_of, sequence_of, split
from softswitch.journal.reading import read_payloads
from softswitch.journal.segment_file import HEADER_OCTETS, is_compressed, segment_paths

_AT_MOST_OCTETS: Final = 8 << 20


class JournalTail:
    """Reads on from one record of a journal.

    Of the newest segment only what is new is read; what stands in older ones is read once, when a newer one is there.

    Args:
        directory: of the journal.
        last_sequence: the last record that is known.
    """

    def __init__(self, directory: Path, last_sequence: int) -> None:
        self._directory = directory
        self._path: Path | None = None
        self._offset = HEADER_OCTETS
        self.last_sequence = last_sequence

    def read(self) -> list[bytes]:
        """Return the records that have come, in their order, as they are encoded; many of them in several parts."""
        newest = next(iter(segment_paths(self._directory)[-1:]), None)
        if newest is None:
            return []
        if newest != self._path:
            self._path, self._offset = newest, HEADER_OCTETS
            return self._passed(list(read_payloads(self._directory, self.last_sequence + 1)))
        if is_compressed(newest):
            return []
        try:
            with newest.open("rb") as file:
                file.seek(self._offset)
                data = file.read(_AT_MOST_OCTETS)
        except FileNotFoundError:  # compressed since it was listed: the next look finds it under its other name
            return []
        payloads, taken = split(data)
        self._offset += taken
        return self._passed([record for payload in payloads for record in records_of(payload)])

    def _passed(self, records: list[bytes]) -> list[bytes]:
        fresh = [record for record in records if sequence_of(record) > self.last_sequence]
        if fresh:
            self.last_sequence = sequence_of(fresh[-1])
        return fresh
