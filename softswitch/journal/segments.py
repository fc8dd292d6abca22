"""Appending to the journal's segment files.

Octets go to an offset that is remembered here and moves only after a write succeeded, so a write that a full disk cut
short is simply written over by the next attempt, and :meth:`SegmentWriter.rollback` can go back to what was last
synced.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from softswitch.journal.framing import frame, last_sequence_of, sequence_of
from softswitch.journal.safe_files import sync_directory
from softswitch.journal.segment_file import (
    HEADER_OCTETS,
    SegmentHeader,
    chunks,
    first_sequence_of,
    read_segment,
    segment_path,
    segment_paths,
)

DEFAULT_ROTATE_OCTETS: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class TornTail:
    """What was cut off the last segment when it was opened: a write that a crash cut short."""

    path: Path
    offset: int
    octets: int
    last_sequence: int
    """The last record before the cut."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """What the last segment of a directory holds."""

    path: Path
    end: int
    """Offset behind the last intact record."""
    size: int
    last_sequence: int
    healthy: bool
    """Whether the segment may be appended to: its header can be trusted, and it is not compressed."""


def last_sequence(directory: Path) -> int:
    """Return the sequence number of the journal's last intact record, 0 when there is none."""
    scan = _scan_last(segment_paths(directory))
    return scan.last_sequence if scan else 0


def _scan_last(paths: Sequence[Path]) -> _Scan | None:
    """Look through the last segment; one too short for its header counts as not there."""
    for path in reversed(paths):
        data, compressed = read_segment(path)
        if len(data) >= HEADER_OCTETS:
            return _scan(path, data, compressed=compressed)
    return None


def _scan(path: Path, data: bytes, *, compressed: bool) -> _Scan:
    header = SegmentHeader.decode(data)
    last, end = header.previous_last_sequence if header else first_sequence_of(path) - 1, HEADER_OCTETS
    for chunk in chunks(data, compressed=compressed):
        if chunk.payloads:
            last, end = last_sequence_of(chunk.payloads[-1]), chunk.end
    return _Scan(path, end, len(data), last, header is not None and not compressed)


class SegmentWriter:
    """The one appender of a journal directory.

    Opening it cuts a torn tail off the last segment and goes on there.

    Args:
        directory: made when absent, mode 0700.
        rotate_octets: a segment that has reached this size is closed and a new one begun.

    Raises:
        OSError: from every method that touches the disk; nothing is half done then, and it may be tried again.
    """

    def __init__(self, directory: Path, *, rotate_octets: int = DEFAULT_ROTATE_OCTETS) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._rotate_octets = rotate_octets
        self._descriptor = -1
        self._offset = self._synced_offset = 0
        self.last_sequence = self.synced_sequence = 0
        self.torn: TornTail | None = None
        self.closed = 0
        """Segments that were closed since the start."""
        self._close_wanted = False
        self._open_last()

    def _open_last(self) -> None:
        """Go on behind the last intact record on disk."""
        self._remove_empty()
        scan = _scan_last(segment_paths(self._directory))
        if scan is None:
            return
        self.last_sequence = self.synced_sequence = scan.last_sequence
        if not scan.healthy:
            return
        self._descriptor = os.open(scan.path, os.O_RDWR | os.O_CLOEXEC)
        self._offset = self._synced_offset = scan.end
        if scan.size > scan.end:
            os.ftruncate(self._descriptor, scan.end)
            self.torn = TornTail(scan.path, scan.end, scan.size - scan.end, scan.last_sequence)
        os.fsync(self._descriptor)  # the writer before us may have died between its write and its sync

    def _remove_empty(self) -> None:
        """Remove segments whose writer died before their header was whole: they hold nothing."""
        for path in segment_paths(self._directory):
            if path.stat().st_size < HEADER_OCTETS:
                path.unlink()

    def append(self, payloads: Sequence[bytes], framed: bytes = b"") -> None:
        """Write records behind the last; those that stand there already are passed over.

        They are there already when the writer died between writing them and telling the ring so.

        Args:
            payloads: the records.
            framed: their frames where somebody has them already.
        """
        if payloads and sequence_of(payloads[0]) <= self.last_sequence:
            payloads = [payload for payload in payloads if last_sequence_of(payload) > self.last_sequence]
            framed = b""
        if not payloads:
            return
        if self._descriptor < 0 or self._offset >= self._rotate_octets or self._close_wanted:
            self._rotate(sequence_of(payloads[0]))
        data = framed or frame(payloads)
        self._write(data)
        self._offset += len(data)
        self.last_sequence = last_sequence_of(payloads[-1])

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        done = 0
        while done < len(view):
            done += os.pwrite(self._descriptor, view[done:], self._offset + done)

    def _rotate(self, first_sequence: int) -> None:
        """Begin a new segment; the old one is synced first, since its descriptor goes."""
        if self._descriptor >= 0:
            self.sync()
        path = segment_path(self._directory, first_sequence)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            header = SegmentHeader(first_sequence, self.last_sequence).encode()
            os.pwrite(descriptor, header, 0)
            os.fsync(descriptor)
            sync_directory(self._directory)
        except OSError:
            os.close(descriptor)
            raise
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self.closed += 1
        self._descriptor = descriptor
        self._offset = self._synced_offset = HEADER_OCTETS
        self._close_wanted = False

    def close_segment(self) -> None:
        """Let the next record begin a new segment, unless the present one is empty."""
        self._close_wanted = self._offset > HEADER_OCTETS

    @property
    def dirty(self) -> bool:
        """Whether something was appended since the last sync."""
        return self.last_sequence != self.synced_sequence

    def sync(self) -> None:
        """Make all that was appended safe from a power cut."""
        if self._descriptor >= 0 and self.dirty:
            os.fdatasync(self._descriptor)
            self._synced_offset, self.synced_sequence = self._offset, self.last_sequence

    def rollback(self) -> None:
        """Forget what was appended since the last sync; the next append writes over it.

        After a failed sync the system may have dropped the octets though later syncs succeed: only writing them again
        makes them safe.
        """
        self._offset, self.last_sequence = self._synced_offset, self.synced_sequence

    def close(self) -> None:
        """Sync and close; what stands behind the last record, after a failed write, is cut off."""
        if self._descriptor >= 0:
            self.sync()
            os.ftruncate(self._descriptor, self._offset)
            os.close(self._descriptor)
            self._descriptor = -1
