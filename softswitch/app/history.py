"""All facts that were ever kept, for a brain that starts: from the files, and from the ring what is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from softswitch.journal.framing import sequence_of
from softswitch.journal.reading import Gap, read_journal_payloads
from softswitch.journal.ring import RingReader
from softswitch.runtime.log import get_logger

_LOG = get_logger("history")


def read_history(journal: Path, ring: int) -> Iterator[bytes]:
    """Give every record once, in order and encoded; what is missing is said in the log.

    The ring is read first: what leaves it while the files are read has gone into the files.

    Args:
        journal: the folder of segment files.
        ring: the memory file of the ring.
    """
    reader = RingReader(ring)
    waiting = list(iter_all(reader))
    reader.close()
    last = 0
    for item in read_journal_payloads(journal):
        if isinstance(item, Gap):
            _LOG.warning("facts.missing", gap=str(item))
            continue
        last = sequence_of(item)
        yield item
    yield from (payload for payload in waiting if sequence_of(payload) > last)


def iter_all(reader: RingReader) -> Iterator[bytes]:
    """Read the ring to its end without giving anything back."""
    while payloads := reader.read():
        yield from payloads
