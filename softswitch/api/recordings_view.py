"""What the API sees of recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A recording that was not deleted."""

    recording: str
    """Its name."""
    conversation_id: str
    kind: str
    """``conversation``, or ``message``: what a scenario recorded of a caller."""
    path: str
    """Of the file, within the storage directory."""
    started_at: str
    """ISO 8601 in UTC."""
    started_by: str
    """``policy: ...`` with who asks for it, ``key``, ``api`` or ``guide``."""
    ended_at: str
    """Empty while it goes on."""
    ended_by: str
    seconds: float
    """How long the file is; 0 while it goes on."""
    gaps: int
    """Stretches in which sound is missing."""
    missing_s: float
    trouble: str
    """Why something could not be written, the last time; empty where all could."""
    from_number: str
    to_number: str
    octets: int
    """Of the file; 0 where it is not there."""


@dataclass(frozen=True, slots=True)
class RecordedView:
    """Whether a call is recorded now."""

    leg: str
    conversation_id: str
    recording: bool
    files: tuple[str, ...] = ()
    """Of the interval that goes on, or that has just ended, within the storage directory."""


class RecordingsView(Protocol):
    """Recordings of the running switch.

    What reads the database or files may take its time and is called in a thread of its own; what begins with ``note``
    and the commands return at once.
    """

    def recordings(
        self, *, conversation_id: str, number: str, since_s: float, limit: int, offset: int
    ) -> Sequence[RecordingView]:
        """List recordings, the latest first. Reads."""
        ...

    def recording_file(self, recording: str) -> Path:
        """Return the file of a recording. Reads.

        Raises:
            CommandError: there is none.
        """
        ...

    def recorded_sound(self, path: Path) -> Iterator[bytes]:
        """Return what a file holds, opened where it is sealed, a piece at a time. Reads.

        Raises:
            CommandError: it cannot be opened.
        """
        ...

    def remove_recording_file(self, recording: str) -> None:
        """Remove the file of a recording; one that is not there is fine."""
        ...

    def note_access(self, recording: str, by: str, how: str) -> None:
        """Keep as a fact that somebody listens to a recording or takes it away."""
        ...

    def note_deletion(self, recording: str, by: str, why: str) -> None:
        """Keep as a fact that a recording is deleted.

        Raises:
            CommandError: it is still being written.
        """
        ...

    def note_conversion(self, recording: str, path: str) -> None:
        """Keep as a fact that a recording's file is another one now."""
        ...

    def start_recording(self, leg: str) -> RecordedView:
        """Begin to record a leg's call.

        Raises:
            CommandError: it cannot or must not be, or is being recorded.
        """
        ...

    def stop_recording(self, leg: str) -> RecordedView:
        """End the recording of a leg's call.

        Raises:
            CommandError: it is not recorded, or must not be ended.
        """
        ...
