"""The journal as commands show it: facts as lines, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from softswitch.app import quality_watch
from softswitch.app.writer_process import JOURNAL_FOLDER
from softswitch.calls import conference_facts, control_facts, quality_facts, supervision_facts
from softswitch.calls import facts as call_facts
from softswitch.calls.recording import facts as recording_facts
from softswitch.calls.voicemail import facts as voicemail_facts
from softswitch.core.clock import iso_utc
from softswitch.core.facts import Record, UnknownFact, type_of
from softswitch.directory import bans, host_names, location, messages, publications, subscriptions
from softswitch.journal import facts as journal_facts
from softswitch.journal.archive import retired_through
from softswitch.journal.reading import Gap, Summary, read_journal, verify
from softswitch.journal.redaction import redacted
from softswitch.queues.agents import facts as agent_facts
from softswitch.queues.login_menu import facts as login_menu_facts
from softswitch.queues.rooms import facts as room_facts
from softswitch.queues.router import facts as queue_facts
from softswitch.scenario import facts as scenario_facts

FACT_MODULES = (
    call_facts,
    control_facts,
    quality_facts,
    recording_facts,
    conference_facts,
    supervision_facts,
    room_facts,
    journal_facts,
    location,
    bans,
    agent_facts,
    login_menu_facts,
    queue_facts,
    scenario_facts,
    subscriptions,
    publications,
    messages,
    host_names,
    voicemail_facts,
    quality_watch,
)
"""Importing them is what makes their facts known to the decoder."""


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A fact for people, without secrets."""

    sequence: int
    at: str
    """ISO 8601 in UTC."""
    conversation_id: str
    name: str
    fields: Mapping[str, object]

    def __str__(self) -> str:
        fields = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in self.fields.items())
        return f"{self.sequence} {self.at} {self.conversation_id or '-'} {self.name} {fields}".rstrip()

    def json(self) -> str:
        """Write it as one line of JSON."""
        values = {"sequence": self.sequence, "at": self.at, "conversation_id": self.conversation_id}
        return json.dumps({**values, "name": self.name, "fields": self.fields}, ensure_ascii=False)


def shown_facts(directory: Path, *, conversation_id: str = "", from_sequence: int = 1) -> Iterator[ShownFact | Gap]:
    """Read the journal of a storage directory, with its gaps.

    Args:
        directory: the storage directory.
        conversation_id: only facts of this conversation; empty: of all.
        from_sequence: the first fact.
    """
    journal = directory / JOURNAL_FOLDER
    for item in read_journal(journal, max(from_sequence, retired_through(journal) + 1)):
        if isinstance(item, Gap):
            yield item
        elif not conversation_id or item.conversation_id == conversation_id:
            yield _shown(item)


def _shown(record: Record) -> ShownFact:
    fact = record.fact
    if isinstance(fact, UnknownFact):
        name, fields = fact.name, {str(number): value for number, value in enumerate(fact.values)}
    else:
        known = type_of(fact)
        name, fields = known.name, dict(zip(known.field_names, known.values_of(fact), strict=True))
    clean = {field: redacted(field, value) for field, value in fields.items()}
    return ShownFact(record.sequence, iso_utc(record.wall_s), record.conversation_id, name, clean)


def verify_journal(directory: Path) -> Summary:
    """Read the whole journal of a storage directory and tell what it lacks."""
    journal = directory / JOURNAL_FOLDER
    return verify(journal, retired_through(journal) + 1)
