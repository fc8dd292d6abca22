"""Recordings as rows that people query later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from softswitch.calls.recording import facts
from softswitch.calls.recording.state import files_of
from softswitch.core.facts import Record
from softswitch.core.rows import RowChange, Value


def _row(record: Record, recording: str, **values: Value) -> RowChange:
    return RowChange("recordings", (recording,), {"conversation_id": record.conversation_id, **values})


def _started(record: Record, fact: facts.RecordingStarted) -> Sequence[RowChange]:
    return [
        _row(
            record,
            file.recording,
            kind="conversation",
            number=fact.number,
            path=file.path,
            started_at=record.wall_s,
            started_by=fact.by,
        )
        for file in files_of(fact.files)
    ]


def _stopped(record: Record, fact: facts.RecordingStopped) -> Sequence[RowChange]:
    return [_row(record, name, ended_at=record.wall_s, ended_by=fact.by) for name in fact.recordings]


def _message_started(record: Record, fact: facts.MessageStarted) -> Sequence[RowChange]:
    return (_row(record, fact.recording, kind="message", path=fact.path, started_at=record.wall_s, started_by="guide"),)


def _message_ended(record: Record, fact: facts.MessageEnded) -> Sequence[RowChange]:
    return (_row(record, fact.recording, ended_at=record.wall_s, ended_by=fact.why),)


def _kept(record: Record, fact: facts.RecordingKept) -> Sequence[RowChange]:
    found: Mapping[str, Value] = {"seconds": fact.seconds, "gaps": fact.gaps, "missing_s": fact.missing_s}
    return (_row(record, fact.recording, **({} if fact.why == "lost" else found)),)


def _failed(record: Record, fact: facts.RecordingFailed) -> Sequence[RowChange]:
    return (_row(record, fact.recording, trouble=fact.reason),)


def _converted(record: Record, fact: facts.RecordingConverted) -> Sequence[RowChange]:
    return (_row(record, fact.recording, path=fact.path),)


def _deleted(record: Record, fact: facts.RecordingDeleted) -> Sequence[RowChange]:
    return (_row(record, fact.recording, deleted_at=record.wall_s, deleted_by=f"{fact.by}: {fact.why}"),)


PROJECTORS: Final[Mapping[type, Callable[[Record, Any], Sequence[RowChange]]]] = {
    facts.RecordingStarted: _started,
    facts.RecordingStopped: _stopped,
    facts.RecordingKept: _kept,
    facts.RecordingFailed: _failed,
    facts.RecordingConverted: _converted,
    facts.RecordingDeleted: _deleted,
    facts.MessageStarted: _message_started,
    facts.MessageEnded: _message_ended,
}
