"""Keeping the call records level with the journal.

Synced facts are projected as they come. While the database fails, and at a start, the projection is behind: then it
reads the journal's files from where the database stands, a slice at a time, so that the ring is emptied meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from softswitch.calls.records import project
from softswitch.core.errors import JournalError
from softswitch.core.facts import Record, decode
from softswitch.core.rows import RowChange
from softswitch.journal.reading import read_records
from softswitch.runtime.log import get_logger
from softswitch.storage.record_store import RecordStore

SLICE_RECORDS: Final = 2000
RETRY_S: Final = 2.0

_LOG = get_logger("records")


class RecordProjection:
    """The projection of one journal into one database.

    Args:
        directory: of the journal.
        open_store: opens the database; tried again as long as it raises JournalError.
    """

    def __init__(self, directory: Path, open_store: Callable[[], RecordStore]) -> None:
        self._directory = directory
        self._open_store = open_store
        self._store: RecordStore | None = None
        self._backlog: Iterator[Record] | None = None
        self._behind = True
        self._failing = False
        self._next_try = 0.0

    @property
    def behind(self) -> bool:
        """Whether the database lacks facts that are synced."""
        return self._behind

    def on_synced(self, payloads: Sequence[bytes]) -> None:
        """Project records that were just synced, unless older ones come first."""
        if not self._behind:
            self._try(lambda: self._apply(_decoded(payloads)))

    def turn(self, synced_sequence: int, *, now: float) -> None:
        """Catch up a little.

        Args:
            synced_sequence: of the journal; facts beyond it are not projected, since a power cut may take them back.
            now: monotonic seconds.
        """
        if self._behind and now >= self._next_try:
            self._try(lambda: self._catch_up(synced_sequence))
            self._next_try = now + RETRY_S if self._failing else now

    def _try(self, work: Callable[[], None]) -> None:
        """Do some work; where the database fails, the projection is behind from now on."""
        try:
            work()
        except (JournalError, OSError) as error:
            self._behind, self._backlog = True, None
            if not self._failing:
                _LOG.error("records.failed", reason=str(error))
            self._failing = True
            return
        if self._failing:
            _LOG.info("records.working_again")
        self._failing = False

    def _apply(self, records: Iterable[Record]) -> None:
        store = self._opened()
        changes: list[RowChange] = []
        last = 0
        for record in records:
            changes += project(record)
            last = record.sequence
        if last:
            store.apply(changes, last)

    def _opened(self) -> RecordStore:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _catch_up(self, synced_sequence: int) -> None:
        """Project one slice of what the files hold and the database does not."""
        store = self._opened()
        if store.sequence > synced_sequence:
            _LOG.warning("records.ahead_of_journal", records=store.sequence, journal=synced_sequence)
            store.restart_at(synced_sequence)
        if self._backlog is None:
            self._backlog = _up_to(read_records(self._directory, store.sequence + 1), synced_sequence)
        batch = list(islice(self._backlog, SLICE_RECORDS))
        self._apply(batch)
        if len(batch) < SLICE_RECORDS:
            self._backlog = None
            self._behind = bool(batch) and store.sequence < synced_sequence

    def close(self) -> None:
        """Close the database."""
        if self._store is not None:
            self._store.close()


def _up_to(records: Iterable[Record], sequence: int) -> Iterator[Record]:
    for record in records:
        if record.sequence > sequence:
            return
        yield record


def _decoded(payloads: Iterable[bytes]) -> Iterator[Record]:
    """Decode what is a record; the journal's readers tell of the rest."""
    for payload in payloads:
        try:
            yield decode(payload)
        except JournalError as error:
            _LOG.error("fact.unreadable", reason=str(error))
