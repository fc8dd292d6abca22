from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.app.record_rows import project
from softswitch.app.recording_archive import RecordingArchive
from softswitch.calls import facts as calls
from softswitch.calls.recording import facts
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.media.recorder.about import update_about
from softswitch.storage.record_store import RecordStore, default_url

PATH = "recordings/2026-11-22/{}.wav"


def kept(directory: Path, *told: tuple[float, str, object]) -> RecordingArchive:
    store = RecordStore(default_url(directory))
    records = [Record(number, wall_s, where, fact) for number, (wall_s, where, fact) in enumerate(told, 1)]
    store.apply(project(records), len(records))
    store.close()
    return RecordingArchive(directory)


def call(name: str, at_s: float, number: str = "101") -> list[tuple[float, str, object]]:
    recording = f"{name}-01"
    files = ((recording, PATH.format(recording), (("c.1",), ("c.2",))),)
    return [
        (at_s, name, calls.ConversationStarted(number, "102")),
        (at_s, name, facts.RecordingStarted(1, files, "policy: user anna is recorded always")),
        (at_s + 5, name, facts.RecordingStopped(1, "end", (recording,))),
        (at_s + 6, name, facts.RecordingKept(recording, 5.0, 2, 0.4, "asked")),
    ]


def test_recordings_are_listed_latest_first_and_found_by_call_number_and_time(tmp_path: Path) -> None:
    archive = kept(tmp_path, *call("a", 1000.0), *call("b", 2000.0, "105"), *call("c", 3000.0))
    assert [one.recording for one in archive.listed()] == ["c-01", "b-01", "a-01"]
    assert [one.recording for one in archive.listed(conversation_id="b")] == ["b-01"]
    assert [one.recording for one in archive.listed(number="101")] == ["c-01", "a-01"]
    assert [one.recording for one in archive.listed(since_s=1500.0, limit=1, offset=1)] == ["b-01"]
    one = archive.find("a-01")
    assert (one.seconds, one.gaps, one.missing_s, one.ended_by) == (5.0, 2, 0.4, "end")
    assert (one.started_at, one.ended_at) == ("1970-01-01T00:16:40.000Z", "1970-01-01T00:16:45.000Z")


def test_without_a_database_nothing_is_listed(tmp_path: Path) -> None:
    assert RecordingArchive(tmp_path).listed() == []
    with pytest.raises(CommandError, match="no recording x"):
        RecordingArchive(tmp_path).find("x")


def test_a_deleted_recording_is_listed_no_more_and_its_files_go(tmp_path: Path) -> None:
    archive = kept(tmp_path, *call("a", 1000.0), (1100.0, "a", facts.RecordingDeleted("a-01", "vera", "asked")))
    path = tmp_path / PATH.format("a-01")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    update_about(path, '{"conversation_id": "a", "interval": {"file": "a-01.wav"}}', {})
    assert (path.parent / "a.json").exists()
    assert archive.listed() == []
    archive.remove("a-01")
    assert list(path.parent.iterdir()) == []
    archive.remove("a-01")


def test_a_message_and_a_failure_stand_in_the_rows(tmp_path: Path) -> None:
    archive = kept(
        tmp_path,
        (1.0, "a", calls.ConversationStarted("101", "102")),
        (2.0, "a", facts.MessageStarted("a.1", "a-message-01", "voicemail/anna/1.wav", 60.0, 5.0)),
        (3.0, "a", facts.RecordingFailed("a-message-01", "No space left on device")),
        (9.0, "a", facts.MessageEnded("a.1", "a-message-01", "silence")),
        (9.5, "a", facts.RecordingKept("a-message-01", 6.5, 1, 1.0, "silence")),
    )
    one = archive.find("a-message-01")
    assert (one.kind, one.path, one.ended_by, one.seconds) == ("message", "voicemail/anna/1.wav", "silence", 6.5)
    assert one.trouble == "No space left on device"
