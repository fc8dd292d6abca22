"""Copying the ring into segment files, turn by turn; the writer process is a loop around it.

Space in the ring is given back after the sync, not after the write. So whatever fails in between, be it the disk, the
sync or this process, the facts still stand in the ring and are written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from errno import EIO
from typing import Final, Protocol

from softswitch.journal.framing import last_sequence_of, sequence_of
from softswitch.journal.ring import RingReader
from softswitch.journal.segments import SegmentWriter

SYNC_INTERVAL_S: Final = 0.2


class OnSynced(Protocol):
    """Who is told of records once they are safe on disk."""

    def __call__(self, payloads: Sequence[bytes]) -> None:
        """Take records in their order; none comes twice, and none is left out."""
        ...


@dataclass(frozen=True, slots=True)
class DiskTrouble:
    """The disk began to fail, or with errno 0 works again."""

    errno: int
    text: str


class Drain:
    """The consumer of the ring.

    Args:
        reader: the ring's far end.
        segments: where the records go.
        on_synced: told of every batch after its sync.
        sync_interval_s: how long records may wait for their sync; a power cut loses no more.
    """

    __slots__ = (
        "_failed_errno",
        "_next_sync",
        "_on_synced",
        "_read_ahead",
        "_reader",
        "_segments",
        "_sync_interval_s",
        "_unsynced",
        "passed_over",
    )

    def __init__(
        self,
        reader: RingReader,
        segments: SegmentWriter,
        *,
        on_synced: OnSynced,
        sync_interval_s: float = SYNC_INTERVAL_S,
    ) -> None:
        self._reader = reader
        self._segments = segments
        self._on_synced = on_synced
        self._sync_interval_s = sync_interval_s
        self._unsynced: list[bytes] = []
        self._read_ahead = False
        self._next_sync = 0.0
        self._failed_errno = 0
        self.passed_over = 0
        """Records that stood in the segments already: right after a start, and otherwise a defect of the producer."""

    def turn(self, *, now: float, sync: bool = False) -> DiskTrouble | None:
        """Write what waits, and sync when it is time.

        Args:
            now: monotonic seconds.
            sync: sync at once, whatever the interval says.

        Returns:
            What to tell the operator when the disk began to fail or works again, else None.
        """
        try:
            self._write()
            if self._read_ahead and (sync or self._failed_errno or now >= self._next_sync):
                self._sync(now)
        except OSError as error:
            return self._failed(error)
        return self._works()

    @property
    def idle(self) -> bool:
        """Whether everything that was in the ring at the last turn is safe on disk."""
        return not self._read_ahead and not self._failed_errno

    def _write(self) -> None:
        while True:
            payloads, framed = self._reader.read_framed()
            if not payloads:
                return
            self._read_ahead = True
            known = self._segments.last_sequence
            self._segments.append(payloads, framed)
            if sequence_of(payloads[0]) <= known:
                self.passed_over += min(known, last_sequence_of(payloads[-1])) - sequence_of(payloads[0]) + 1
                payloads = [payload for payload in payloads if last_sequence_of(payload) > known]
            self._unsynced += payloads

    def _sync(self, now: float) -> None:
        self._segments.sync()
        self._next_sync = now + self._sync_interval_s
        batch, self._unsynced = self._unsynced, []
        self._reader.release(self._segments.synced_sequence)
        self._read_ahead = False
        self._on_synced(batch)

    def _failed(self, error: OSError) -> DiskTrouble | None:
        """Go back to what is safe: the next turn reads and writes the rest again."""
        self._segments.rollback()
        self._reader.rewind()
        self._unsynced.clear()
        self._read_ahead = False
        errno = error.errno or EIO
        if errno == self._failed_errno:
            return None
        self._failed_errno = errno
        self._reader.report_disk(errno)
        return DiskTrouble(errno, str(error))

    def _works(self) -> DiskTrouble | None:
        if not self._failed_errno:
            return None
        self._failed_errno = 0
        self._reader.report_disk(0)
        return DiskTrouble(0, "")
