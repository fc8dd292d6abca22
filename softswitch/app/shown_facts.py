"""Facts for people and for programs that watch, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from softswitch.core.clock import iso_utc
from softswitch.core.facts import Record, UnknownFact, type_of
from softswitch.journal.redaction import redacted


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

    def document(self) -> Mapping[str, object]:
        """Return it as a document for programs."""
        values = {"sequence": self.sequence, "at": self.at, "conversation_id": self.conversation_id}
        return {**values, "name": self.name, "fields": self.fields}

    def json(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(self.document(), ensure_ascii=False)


def shown(record: Record) -> ShownFact:
    """Show a fact without its secrets."""
    fact = record.fact
    if isinstance(fact, UnknownFact):
        name, fields = fact.name, {str(number): value for number, value in enumerate(fact.values)}
    else:
        known = type_of(fact)
        name, fields = known.name, dict(zip(known.field_names, known.values_of(fact), strict=True))
    clean = {field: redacted(field, value) for field, value in fields.items()}
    return ShownFact(record.sequence, iso_utc(record.wall_s), record.conversation_id, name, clean)
