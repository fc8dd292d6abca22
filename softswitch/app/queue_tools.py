"""What the journal tells of queues: why somebody was given to whom, and whether the router would decide so again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from softswitch.app.writer_process import JOURNAL_FOLDER
from softswitch.core.clock import iso_utc
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, encode
from softswitch.journal.archive import retired_through
from softswitch.journal.reading import read_records
from softswitch.queues.router.apply import FOLDED, apply
from softswitch.queues.router.explaining import Told, explain
from softswitch.queues.router.facts import QueueEntered, QueueOffered
from softswitch.queues.router.matching import offer_of_entry, offer_to_agent
from softswitch.queues.router.state import RouterState

_WHOLE: Final = 10
"""So many digits tell a number outside from all others of its country."""


def _records(directory: Path) -> Iterator[Record]:
    journal = directory / JOURNAL_FOLDER
    return read_records(journal, retired_through(journal) + 1)


def explained(directory: Path, call: str) -> list[Told]:
    """Tell in sentences what queues decided about a conversation.

    Args:
        directory: the storage directory.
        call: the conversation's id, or who called: of theirs the last call to a queue.

    Raises:
        CommandError: the journal knows of no queue in it.
    """
    found = list(explain(_records(directory), call)) or _last_of(directory, call)
    if not found:
        message = (
            f"No queue has decided anything about {call}, as far as the journal goes back; "
            "who hung up, and the ids of their calls, are listed by: softswitch report abandoned"
        )
        raise CommandError(message, status=404, error_id="unknown-conversation", field="conversation")
    return found


def _last_of(directory: Path, number: str) -> list[Told]:
    """Tell of the last call of a number to a queue."""
    entered = (each for each in _records(directory) if isinstance(each.fact, QueueEntered))
    calls = [each.conversation_id for each in entered if _same(each.fact.number, number)]
    return list(explain(_records(directory), calls[-1])) if calls else []


def _same(one: str, other: str) -> bool:
    """Tell whether two numbers are one: outside they are written with +7, 7, 8, or only their last ten digits."""
    one, other = one.removeprefix("+"), other.removeprefix("+")
    return one == other or (min(len(one), len(other)) >= _WHOLE and one[-_WHOLE:] == other[-_WHOLE:])


@dataclass(slots=True)
class Replayed:
    """What a replay came to."""

    decisions: int = 0
    differing: list[str] = field(default_factory=list)
    """Number and time of each decision that would be another one now."""
    unknown: int = 0
    """Decisions about entries that began before the journal does."""


def replay(directory: Path) -> Replayed:
    """Decide again whatever the router decided, each from the facts before it, and compare the octets."""
    state, found = RouterState(), Replayed()
    for record in _records(directory):
        if type(record.fact) not in FOLDED:
            continue
        if isinstance(record.fact, QueueOffered):
            _compare(state, record, record.fact, found)
        apply(state, record)
    return found


def _compare(state: RouterState, record: Record, fact: QueueOffered, found: Replayed) -> None:
    if fact.entry not in state.entries or fact.queue not in state.queues:
        found.unknown += 1
        return
    look = offer_to_agent(state, fact.users[0], record.wall_s) if fact.joined else None
    again = look or offer_of_entry(state, fact.entry, record.wall_s)
    found.decisions += 1
    if again is None or encode(0, 0.0, "", again) != encode(0, 0.0, "", fact):
        found.differing.append(f"fact {record.sequence} at {iso_utc(record.wall_s)}")
