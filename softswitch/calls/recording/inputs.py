"""What can be said to recordings: by commands and codes, by guides, by media workers."""

from __future__ import annotations

from softswitch.core.immutable import immutable


@immutable
class StartRecording:
    """A command, or the policy: record the conversation from now on."""

    conversation_id: str
    by: str
    day: str
    """YYYY-MM-DD in UTC: the folder."""


@immutable
class StopRecording:
    """A command, or the policy: end the interval."""

    conversation_id: str
    by: str


@immutable
class RecordCaller:
    """A guide records what its caller says from now on, and lets it hear nothing.

    How a guide uses it: it answers the caller (``AnswerCaller``), lets it hear prompt and beep
    (``PlayToCaller((..., "tone:beep"))``), and when ``leg.play_ended`` tells that they are over asks for this. It is
    told ``message.started``, and at last ``message.ended``: when silence or the limit ended it, when the guide asked
    for :class:`StopRecordingCaller` (because of a key, of which ``leg.key_pressed`` tells), or when the caller hung up.
    Then ``recording.kept`` follows with the length, in most cases within a second, also when the conversation is over.
    """

    conversation_id: str
    path: str
    """Within the storage directory: ``voicemail/anna/....wav``; mono, 16-bit PCM."""
    limit_s: float
    silence_s: float = 0.0
    """After so much silence it ends; the file then has half a second of it. 0: silence ends nothing."""


@immutable
class StopRecordingCaller:
    """A guide ends it."""

    conversation_id: str


RecordingInput = StartRecording | StopRecording | RecordCaller | StopRecordingCaller
