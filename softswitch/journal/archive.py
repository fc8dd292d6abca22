"""What is left of segments that were too old to keep: the facts that call records are made of.

::

    archive/2026-11/segment-FIRST-LAST.facts.z      a compressed segment (segment_file.py) with some of its records

A segment is archived and then removed. ``LAST`` in a name tells how far the journal was retired, so a reader knows
which facts are gone on purpose. Nothing here is ever removed by the switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from softswitch.journal.framing import sequence_of
from softswitch.journal.safe_files import sync_directory, write_safely
from softswitch.journal.segment_file import SegmentHeader, chunks, compressed_segment

FOLDER: Final = "archive"


def write_archive(journal: Path, months: Iterable[tuple[str, list[bytes]]], first: int, last: int) -> list[Path]:
    """Keep what shall be left of a segment, by month.

    Args:
        journal: the journal's directory.
        months: ``YYYY-MM`` and the records of that month.
        first: the segment's first sequence number.
        last: its last one.

    Raises:
        OSError: it could not be written; doing it again does no harm.
    """
    written = []
    for month, records in months:
        folder = journal / FOLDER / month
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"segment-{first:020d}-{last:020d}.facts.z"
        write_safely(path, b"".join(compressed_segment(SegmentHeader(first, first - 1), records)))
        sync_directory(folder.parent)
        written.append(path)
    sync_directory(journal)
    return written


def archive_paths(journal: Path) -> list[Path]:
    """Return the archive's files in the order of their facts."""
    found = (journal / FOLDER).glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]/segment-*-*.facts.z")
    return sorted(found, key=lambda path: (path.name, path.parent.name))


def retired_through(journal: Path) -> int:
    """Return the last sequence number that is gone on purpose, 0 where everything is kept."""
    return max((int(path.name.split("-")[2].partition(".")[0]) for path in archive_paths(journal)), default=0)


def read_archive(journal: Path, from_sequence: int, damaged: Callable[[str], None]) -> Iterator[bytes]:
    """Read what the archive holds from ``from_sequence`` on.

    Args:
        journal: the journal's directory.
        from_sequence: older records are left out.
        damaged: told where octets are damaged; the rest is read.
    """
    for path in archive_paths(journal):
        if int(path.name.split("-")[2].partition(".")[0]) < from_sequence:
            continue
        for chunk in chunks(path.read_bytes(), compressed=True):
            if chunk.damaged_at >= 0:
                damaged(f"{path.parent.name}/{path.name} at octet {chunk.damaged_at}")
            yield from (payload for payload in chunk.payloads if sequence_of(payload) >= from_sequence)
