"""The facts of recordings. The conversation's id and the wall time stand in the record."""

from __future__ import annotations

from typing import Any

from softswitch.core.facts import fact


@fact("recording.started")
class RecordingStarted:
    """An interval of a conversation is recorded from now on."""

    number: int
    """Of the interval, counted from 1 within the conversation."""
    files: tuple[tuple[Any, ...], ...]
    """Each: name of the recording, path within the storage directory, and by channel a tuple of legs."""
    by: str
    """``policy:...`` with what asked for it, ``key``, ``api``, or ``parties`` where the number of parties changed."""


@fact("recording.changed")
class RecordingChanged:
    """Others are heard in it: somebody was transferred, joined or left."""

    number: int
    files: tuple[tuple[Any, ...], ...]
    """All of the interval's, as in ``recording.started``."""


@fact("recording.stopped")
class RecordingStopped:
    """The interval is over."""

    number: int
    by: str
    """As in ``recording.started``, or ``end`` with the conversation."""
    recordings: tuple[str, ...] = ()
    """The names of its files' recordings."""


@fact("recording.kept")
class RecordingKept:
    """A file is whole."""

    recording: str
    seconds: float
    gaps: int
    """Stretches in which sound is missing."""
    missing_s: float
    why: str
    """Why it ended: ``asked``, ``limit``, ``silence``; ``lost`` where nothing could ever be written."""


@fact("recording.failed")
class RecordingFailed:
    """Sound cannot be written; what comes meanwhile is missing in the file."""

    recording: str
    reason: str


@fact("recording.recovered")
class RecordingRecovered:
    """Sound can be written again."""

    recording: str


@fact("recording.accessed")
class RecordingAccessed:
    """Somebody listened to a file or took it away."""

    recording: str
    by: str
    how: str
    """``play`` or ``export``."""


@fact("recording.deleted")
class RecordingDeleted:
    """A file was deleted."""

    recording: str
    by: str
    why: str
    """``asked``, or the rule of retention."""


@fact("recording.converted")
class RecordingConverted:
    """A file was replaced by one in another form."""

    recording: str
    path: str
    """Within the storage directory."""


@fact("recording.keyed")
class RecordingKeyed:
    """A phone has begun to key the code that begins and ends recording."""

    leg: str
    keys: str
    """What of the code is keyed; empty when it is complete or something else was keyed."""


@fact("message.started")
class MessageStarted:
    """What a caller says is recorded for a guide: a voice mail, for example."""

    leg: str
    recording: str
    path: str
    """Within the storage directory."""
    limit_s: float
    """After so long it ends by itself."""
    silence_s: float
    """After so much silence, too; 0: never."""


@fact("message.ended")
class MessageEnded:
    """It is over. How long it is and that the file is whole is told by ``recording.kept``, at most a second later."""

    leg: str
    recording: str
    why: str
    """``asked`` by the guide, ``limit``, ``silence``, ``hang-up``, or ``lost`` where it could not be written."""
