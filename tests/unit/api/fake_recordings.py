"""Recordings that are only remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from softswitch.api.recordings_view import RecordedView, RecordingView
from softswitch.core.errors import CommandError

ONE = RecordingView(
    "c1-01",
    "c1",
    "conversation",
    "recordings/2026-11-22/c1-01.wav",
    "2026-11-22T10:00:00.000Z",
    "api",
    "2026-11-22T10:01:00.000Z",
    "end",
    60.0,
    0,
    0.0,
    "",
    "101",
    "102",
    960_044,
)


class FakeRecordings:
    """One recording."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, ...]] = []
        self.asked: list[tuple[object, ...]] = []
        self.file = Path()

    def recordings(
        self, *, conversation_id: str, number: str, since_s: float, limit: int, offset: int
    ) -> Sequence[RecordingView]:
        self.asked.append((conversation_id, number, since_s, limit, offset))
        return [ONE]

    def recording_file(self, recording: str) -> Path:
        if recording != ONE.recording:
            raise CommandError("no such", status=404, error_id="unknown-recording", field="recording")
        return self.file

    def recorded_sound(self, path: Path) -> Iterator[bytes]:
        yield path.read_bytes()

    def remove_recording_file(self, recording: str) -> None:
        self.noted.append(("removed", recording))

    def note_access(self, recording: str, by: str, how: str) -> None:
        self.noted.append(("accessed", recording, by, how))

    def note_deletion(self, recording: str, by: str, why: str) -> None:
        self.noted.append(("deleted", recording, by, why))

    def note_conversion(self, recording: str, path: str) -> None:
        self.noted.append(("converted", recording, path))

    def start_recording(self, leg: str) -> RecordedView:
        return RecordedView(leg, "c1", recording=True, files=(ONE.path,))

    def stop_recording(self, leg: str) -> RecordedView:
        raise CommandError("not recorded", status=409, error_id="not-recording", field="leg")
