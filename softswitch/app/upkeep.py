"""The journal's upkeep, done by a process of its own at the lowest priority: snapshots, compression, retention.

Each step may die anywhere and is done again the next time: a file is put in place by a rename, and what it replaces is
removed only afterwards.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

from softswitch.app.history import newest_state
from softswitch.app.record_rows import PROJECTED, project
from softswitch.core.facts import Record, decode, name_in
from softswitch.journal.archive import write_archive
from softswitch.journal.framing import records_of, sequence_of
from softswitch.journal.reading import Gap, read_journal_payloads
from softswitch.journal.safe_files import write_safely
from softswitch.journal.segment_file import (
    SegmentHeader,
    chunks,
    compressed_path,
    compressed_segment,
    first_sequence_of,
    is_compressed,
    read_segment,
    segment_paths,
)
from softswitch.journal.snapshots import Snapshot, read_snapshot, snapshot_paths, write_snapshot
from softswitch.runtime.log import get_logger

DAY_S = 86_400.0
_LOG = get_logger("upkeep")


@contextmanager
def upkeep_lock(journal: Path, *, wait: bool = False) -> Iterator[bool]:
    """Take the journal's closed files for oneself; give whether that went well.

    Args:
        journal: the journal's directory.
        wait: until who has them is done.
    """
    journal.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(journal / "upkeep.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
            return
        yield False
    finally:
        os.close(descriptor)


def keep_up(journal: Path, *, keep_days: int, wall_s: float) -> None:
    """Do all that is due; nothing where another process is at it.

    Args:
        journal: the journal's directory.
        keep_days: how long segments are kept.
        wall_s: the time in UTC.

    Raises:
        OSError: the disk failed; the next time it is tried again.
    """
    with upkeep_lock(journal) as ours:
        if ours:
            make_snapshot(journal)
            compress_closed(journal)
            retire(journal, wall_s - keep_days * DAY_S)


def make_snapshot(journal: Path) -> Snapshot | None:
    """Fold the closed segments behind the last snapshot into the next one; None where there is nothing new."""
    last = _last_closed(journal)
    state = newest_state(journal)
    before = state.sequence
    if last <= before:
        return None
    state.fold(_up_to(read_journal_payloads(journal, before + 1), last))
    state.sequence = max(state.sequence, last)  # what is missing at the end is a gap that the state remembers
    made = Snapshot(last, state.encode())
    path = write_snapshot(journal, made)
    _LOG.info("snapshot.made", file=path.name, octets=len(made.state), facts=last - before)
    return made


def _last_closed(journal: Path) -> int:
    """Return the last sequence number of the closed segments, as the open one's header tells it."""
    paths = segment_paths(journal)
    if len(paths) < 2:
        return 0
    with paths[-1].open("rb") as file:
        header = SegmentHeader.decode(file.read(32))
    return header.previous_last_sequence if header else 0


def _up_to(items: Iterator[bytes | Gap], last: int) -> Iterator[bytes | Gap]:
    for item in items:
        if (item.first_sequence if isinstance(item, Gap) else sequence_of(item)) > last:
            return
        yield item


def compress_closed(journal: Path) -> None:
    """Compress closed segments; a damaged one stays as it is, so that what is said of it stays true."""
    for path in segment_paths(journal)[:-1]:
        if is_compressed(path):
            path.with_name(path.name.removesuffix(".z")).unlink(missing_ok=True)  # we died before we could
            continue
        data = path.read_bytes()
        header = SegmentHeader.decode(data)
        found = list(chunks(data))
        if header is None or any(chunk.damaged_at >= 0 for chunk in found):
            continue
        payloads = [payload for chunk in found for payload in chunk.payloads]
        packed = b"".join(compressed_segment(header, payloads))
        if [payload for chunk in chunks(packed, compressed=True) for payload in chunk.payloads] != payloads:
            _LOG.error("segment.not_compressed", file=path.name, reason="it reads back as something else")
            continue
        write_safely(compressed_path(path), packed)
        path.unlink()


def retire(journal: Path, before_s: float) -> None:
    """Archive and remove segments whose last fact is older than ``before_s`` and that no snapshot needs any more."""
    kept = [found.sequence for found in map(read_snapshot, snapshot_paths(journal)) if isinstance(found, Snapshot)]
    paths = segment_paths(journal)
    for path, following in pairwise(paths):
        last = first_sequence_of(following) - 1
        if not kept or last > min(kept) or _begun_at(following) > before_s:
            return
        data, compressed = read_segment(path)
        payloads = [payload for chunk in chunks(data, compressed=compressed) for payload in chunk.payloads]
        records = [record for payload in payloads for record in records_of(payload)]
        write_archive(journal, _by_month(records), first_sequence_of(path), last)
        path.unlink()
        _LOG.info("segment.retired", file=path.name, facts=len(records))


def _begun_at(path: Path) -> float:
    """Return the wall time of a segment's first fact; that of now where none can be read, so that it stays."""
    data, compressed = read_segment(path)
    for chunk in chunks(data, compressed=compressed):
        if chunk.payloads:
            return decode(records_of(chunk.payloads[0])[0]).wall_s
    return float("inf")


def _by_month(records: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Leave what call records are made of, by month; an empty file of this month tells that nothing was."""
    wanted = [record for record in records if _leaves_a_trace(record)]
    if not wanted:
        yield _month(decode(records[0])) if records else "1970-01", []
        return
    by_month = sorted(((_month(decode(record)), record) for record in wanted), key=lambda pair: pair[0])
    for month, pairs in groupby(by_month, key=lambda pair: pair[0]):
        yield month, [record for _, record in pairs]


def _leaves_a_trace(record: bytes) -> bool:
    name = name_in(record)
    return name in PROJECTED if name else any(project([decode(record)]))


def _month(record: Record) -> str:
    return datetime.fromtimestamp(record.wall_s, UTC).strftime("%Y-%m")
