"""What the API shows of recordings, and the commands about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from softswitch.api.recordings_view import RecordedView, RecordingView
from softswitch.app.brain import Brain
from softswitch.core.errors import CommandError

if TYPE_CHECKING:
    from softswitch.app.recording_archive import RecordingArchive


class BrainRecordings:
    """Implements :class:`softswitch.api.recordings_view.RecordingsView`."""

    _brain: Brain
    _in_turn: Callable[[Callable[[], None]], None]
    _directory: Path
    _database: str

    @cached_property
    def _archive(self) -> RecordingArchive:
        from softswitch.app.recording_archive import RecordingArchive  # a brain that starts needs none of its libraries

        return RecordingArchive(self._directory, self._database)

    def recordings(
        self, *, conversation_id: str, number: str, since_s: float, limit: int, offset: int
    ) -> Sequence[RecordingView]:
        """List recordings, the latest first."""
        return self._archive.listed(
            conversation_id=conversation_id, number=number, since_s=since_s, limit=limit, offset=offset
        )

    def recording_file(self, recording: str) -> Path:
        """Return the file of a recording."""
        return self._archive.file_of(self._archive.find(recording))

    def recorded_sound(self, path: Path) -> Iterator[bytes]:
        """Return what a file holds, opened where it is sealed, a piece at a time."""
        return self._archive.sound_of(path)

    def remove_recording_file(self, recording: str) -> None:
        """Remove the file of a recording."""
        self._archive.remove(recording)

    def note_access(self, recording: str, by: str, how: str) -> None:
        """Keep as a fact that somebody listens to a recording or takes it away."""
        self._do(lambda: self._brain.recording.accessed(recording, by, how))

    def note_deletion(self, recording: str, by: str, why: str) -> None:
        """Keep as a fact that a recording is deleted."""
        self._do(lambda: self._brain.recording.deleted(recording, by, why))

    def note_conversion(self, recording: str, path: str) -> None:
        """Keep as a fact that a recording's file is another one now."""
        parts = PurePosixPath(path).parts
        if not parts or parts[0] not in {"recordings", "voicemail"} or ".." in parts:
            text = f"'{path}' is no place of a recording; write recordings/..."
            raise CommandError(text, status=400, error_id="wrong-path", field="path")
        self._do(lambda: self._brain.recording.converted(recording, path))

    def start_recording(self, leg: str) -> RecordedView:
        """Begin to record a leg's call."""
        return self._recorded(leg, lambda: self._brain.recording.start(leg, "api"))

    def stop_recording(self, leg: str) -> RecordedView:
        """End the recording of a leg's call."""
        return self._recorded(leg, lambda: self._brain.recording.stop(leg, "api"))

    def _recorded(self, leg: str, work: Callable[[], None]) -> RecordedView:
        self._do(work)
        conversation_id = self._brain.calls.legs[leg].conversation_id
        running, files = self._brain.recording.state_of(conversation_id)
        return RecordedView(leg, conversation_id, running, files)

    def _do(self, work: Callable[[], object]) -> None:
        self._in_turn(lambda: self._brain.command(work))
