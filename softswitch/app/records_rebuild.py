"""Making the call records again from archive and journal, beside the database that is there.

The finished file is laid beside the database. Whoever owns the database, the writer of a running switch or the next one
that starts, puts it in its place and projects what has come since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from softswitch.app.record_projection import projected
from softswitch.app.record_rows import project
from softswitch.journal.archive import read_archive, retired_through
from softswitch.journal.framing import sequence_of
from softswitch.journal.reading import read_payloads
from softswitch.journal.segments import last_sequence
from softswitch.storage.record_store import RecordStore, database_file, put_rebuilt_in_place, rebuilt_file

SLICE_RECORDS: Final = 5000


def ever_kept(
    journal: Path, from_sequence: int, damaged: Callable[[str], None] = lambda where: None
) -> Iterator[bytes]:
    """Give all that call records are made of: what the archive has, then the journal's facts."""
    yield from read_archive(journal, from_sequence, damaged)
    yield from read_payloads(journal, max(from_sequence, retired_through(journal) + 1))


def rebuild_records(directory: Path, progress: Callable[[int, int], None], damaged: Callable[[str], None]) -> int:
    """Make the records again; return the number of the last fact that they tell of.

    Args:
        directory: the storage directory.
        progress: told how far it is: fact number, and that of the last one.
        damaged: told where octets of the archive are damaged.

    Raises:
        JournalError, OSError: it could not be done; the database is as it was.
    """
    journal = directory / "journal"
    unfinished = database_file(directory).with_suffix(".unfinished")
    for old in unfinished.parent.glob(f"{unfinished.name}*"):
        old.unlink()
    last = last_sequence(journal)
    store = RecordStore(f"sqlite:///{unfinished}")
    try:
        _project_all(store, ever_kept(journal, 1, damaged), last, progress)
    finally:
        store.close()  # the last connection folds the write-ahead log into the file
    unfinished.replace(rebuilt_file(directory))
    return last


def _project_all(
    store: RecordStore, payloads: Iterator[bytes], last: int, progress: Callable[[int, int], None]
) -> None:
    batch: list[bytes] = []
    for payload in payloads:
        if sequence_of(payload) > last:
            break
        batch.append(payload)
        if len(batch) >= SLICE_RECORDS:
            store.apply(project(projected(batch)), sequence_of(batch[-1]))
            progress(sequence_of(batch[-1]), last)
            batch = []
    store.apply(project(projected(batch)), last)
    progress(last, last)


def put_in_place(directory: Path) -> None:
    """Put the records that were made again in their place; no switch may run."""
    put_rebuilt_in_place(directory)


def taken(directory: Path) -> bool:
    """Tell whether the writer has put in place what was made again."""
    return not rebuilt_file(directory).exists()
