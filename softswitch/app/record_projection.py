"""Keeping the call records level with the journal.

Synced facts are collected for a moment, because a short call's rows are then written once and whole. While the database
fails, and at a start, the projection is behind: then it reads the journal's files from where the database stands, a
slice at a time, so that the ring is emptied meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from softswitch.app.record_rows import SIEVE, project
from softswitch.core.errors import JournalError
from softswitch.core.facts import Record
from softswitch.journal.framing import last_sequence_of, records_of, sequence_of, turn_of
from softswitch.journal.reading import read_payloads
from softswitch.runtime.log import get_logger
from softswitch.storage.record_store import RecordStore

SLICE_RECORDS: Final = 2000
COLLECT_S: Final = 2.0
MOST_COLLECTED: Final = 4_000
"""Turns that wait, after which nothing more is collected first: some hundred calls, a tenth of a second of work."""
RETRY_S: Final = 2.0

_LOG = get_logger("records")


class RecordProjection:
    """The projection of one journal into one database.

    Args:
        directory: of the journal.
        open_store: opens the database; tried again as long as it raises JournalError.
        is_rebuilt: tells whether a database that was made again waits to be put in place.
        put_in_place: puts it there; tells whether there was one.
        ever_kept: reads the facts from a sequence number on, archived ones included.
    """

    def __init__(
        self,
        directory: Path,
        open_store: Callable[[], RecordStore],
        *,
        is_rebuilt: Callable[[], bool] = lambda: False,
        put_in_place: Callable[[], bool] = lambda: False,
        ever_kept: Callable[[Path, int], Iterable[bytes]] = read_payloads,
    ) -> None:
        self._directory = directory
        self._is_rebuilt = is_rebuilt
        self._put_in_place = put_in_place
        self._ever_kept = ever_kept
        self._open_store = open_store
        self._store: RecordStore | None = None
        self._waiting: list[bytes] = []
        self._backlog: Iterator[bytes] | None = None
        self._behind = True
        self._failing = False
        self._next_write = 0.0

    @property
    def level(self) -> bool:
        """Whether the database tells of everything that is synced."""
        return not self._behind and not self._waiting

    @property
    def failing(self) -> bool:
        """Whether the database took nothing at the last try."""
        return self._failing

    def on_synced(self, payloads: Sequence[bytes]) -> None:
        """Take what was just synced, turn by turn; what comes while older ones are missing is read again."""
        if not self._behind:
            self._waiting += payloads

    def turn(self, synced_sequence: int, *, now: float, at_once: bool = False) -> None:
        """Write what waits, or catch up a little.

        Args:
            synced_sequence: of the journal; facts beyond it are not projected, since a power cut may take them back.
            now: monotonic seconds.
            at_once: do not collect any longer.
        """
        if now < self._next_write and not (at_once and not self._failing) and len(self._waiting) < MOST_COLLECTED:
            return
        self._look_for_another()
        if self._behind:
            self._try(lambda: self._catch_up(synced_sequence))
            self._next_write = now + RETRY_S if self._failing else now
        elif self._waiting:
            waiting, self._waiting = self._waiting, []
            self._try(lambda: self._apply(waiting))
            self._next_write = now + COLLECT_S

    def _try(self, work: Callable[[], None]) -> None:
        """Do some work; where the database fails, the projection is behind from now on."""
        try:
            work()
        except (JournalError, OSError) as error:
            self._let_go()
            if not self._failing:
                _LOG.error("records.failed", reason=str(error))
            self._failing = True
            return
        if self._failing:
            _LOG.info("records.working_again")
        self._failing = False

    def _let_go(self) -> None:
        """Close the database, so that the next try opens whatever lies there then, and catch up from its end."""
        if self._store is not None:
            self._store.close()
        self._store, self._backlog, self._waiting, self._behind = None, None, [], True

    def _look_for_another(self) -> None:
        """Notice that the database's file was removed, or made again by ``softswitch records rebuild``."""
        if self._store is not None and (self._store.gone or self._is_rebuilt()):
            self._let_go()
        if self._store is None and self._put_in_place():
            _LOG.info("records.rebuilt")

    def _apply(self, payloads: Sequence[bytes]) -> None:
        if payloads:
            self._opened().apply(project(projected(payloads)), last_sequence_of(payloads[-1]))

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
            self._backlog = _up_to(self._ever_kept(self._directory, store.sequence + 1), synced_sequence)
        batch = list(islice(self._backlog, SLICE_RECORDS))
        self._apply(batch)
        if len(batch) < SLICE_RECORDS:
            self._backlog = None
            self._behind = bool(batch) and store.sequence < synced_sequence

    def close(self) -> None:
        """Close the database."""
        if self._store is not None:
            self._store.close()


def _up_to(payloads: Iterable[bytes], sequence: int) -> Iterator[bytes]:
    for payload in payloads:
        if sequence_of(payload) > sequence:
            return
        yield payload


def projected(payloads: Iterable[bytes]) -> Iterator[Record]:
    """Decode the records that leave a trace; the journal's readers tell of octets that are none."""
    turns = [turn_of(payload) for payload in payloads]
    try:
        yield from SIEVE.records(turns)
    except JournalError:
        yield from _readable(turns)


def _readable(turns: Iterable[bytes]) -> Iterator[Record]:
    """Do the same record by record, over those that cannot be read."""
    for record in chain.from_iterable(map(records_of, turns)):
        try:
            yield from SIEVE.records((turn_of(record),))
        except JournalError as error:
            _LOG.error("fact.unreadable", reason=str(error))
