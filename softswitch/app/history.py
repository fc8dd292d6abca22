"""What was ever kept, for a brain that starts: a snapshot, and all facts behind it from the files and the ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softswitch.app.folded_state import FoldedState
from softswitch.core.errors import JournalError
from softswitch.journal.framing import records_of, sequence_of
from softswitch.journal.reading import Gap, Loss, read_journal_payloads
from softswitch.journal.ring import RingReader
from softswitch.journal.snapshots import Snapshot, read_snapshot, snapshot_paths
from softswitch.runtime.log import get_logger

_LOG = get_logger("history")


@dataclass(frozen=True, slots=True)
class History:
    """Where to begin, and what came after it."""

    state: FoldedState
    """As the newest snapshot has it; empty where there is none."""
    items: Iterator[bytes | Gap]
    """Every record behind the state once, in order and encoded, with the gaps in their places."""


def read_history(journal: Path, ring: int) -> History:
    """Open the history; what cannot be used of it is said in the log.

    Args:
        journal: the folder of segment files and snapshots.
        ring: the memory file of the ring.
    """
    state = newest_state(journal)
    return History(state, _told(_items(journal, ring, state.sequence + 1)))


def newest_state(journal: Path) -> FoldedState:
    """Return the state of the newest snapshot that is intact and that this program can read; empty without one."""
    for path in reversed(snapshot_paths(journal)):
        found = read_snapshot(path)
        state = found if isinstance(found, str) else _state_of(found)
        if isinstance(state, FoldedState):
            return state
        _LOG.error("snapshot.unusable", file=path.name, reason=state, instead="an older one, or all facts")
    return FoldedState()


def _state_of(snapshot: Snapshot) -> FoldedState | str:
    """Return a snapshot's state, or why this program cannot read it."""
    state = FoldedState()
    try:
        state.restore(snapshot.state)
    except JournalError as error:
        return str(error)
    return state


def _items(journal: Path, ring: int, from_sequence: int) -> Iterator[bytes | Gap]:
    """Read the ring first: what leaves it while the files are read has gone into the files."""
    reader = RingReader(ring)
    waiting = [record for payload in iter_all(reader) for record in records_of(payload)]
    reader.close()
    last = from_sequence - 1
    torn: Gap | None = None
    for item in read_journal_payloads(journal, from_sequence):
        if isinstance(item, bytes):
            last = sequence_of(item)
        elif item.why is Loss.TORN:
            torn = item
            continue
        yield item
    behind = [record for record in waiting if sequence_of(record) > last]
    if behind and sequence_of(behind[0]) > last + 1:
        yield Gap(Loss.NEVER_KEPT, "the ring in memory", last + 1, sequence_of(behind[0]) - 1)
    elif torn is not None and not behind:
        yield torn  # else the ring holds what is being written there
    yield from behind


def _told(items: Iterator[bytes | Gap]) -> Iterator[bytes | Gap]:
    for item in items:
        if isinstance(item, Gap):
            count = max(0, item.last_sequence - item.first_sequence + 1)
            _LOG.error(
                "facts.missing",
                why=item.why.value,
                where=item.where,
                first_sequence=item.first_sequence,
                last_sequence=item.last_sequence,
                count=count,
            )
        yield item


def iter_all(reader: RingReader) -> Iterator[bytes]:
    """Read the ring to its end without giving anything back."""
    while payloads := reader.read():
        yield from payloads
