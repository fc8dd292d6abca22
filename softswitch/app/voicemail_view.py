"""What the API shows of mailboxes, and what it does there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.api.voicemail_view import VoicemailView
from softswitch.app.brain import Brain
from softswitch.calls.voicemail.state import Message
from softswitch.core.clock import iso_utc

_BY = "api"


class BrainVoicemail:
    """Implements :class:`softswitch.api.voicemail_view.MailboxView`; mixed into a view of the brain."""

    _brain: Brain
    _in_turn: Callable[[Callable[[], None]], None]

    def voicemail(self, box: str) -> Sequence[VoicemailView]:
        """List messages."""
        boxes = self._brain.voicemail.boxes
        return [_view(each) for name in ([box] if box else boxes.boxes()) for each in boxes.messages(name)]

    def voicemail_file(self, box: str, message: str) -> str:
        """Return a message's file, and count it as heard."""
        path = self._brain.voicemail.file_of(box, message)
        self._in_turn(lambda: self._brain.command_voicemail(lambda desk: desk.mark_heard(box, message, _BY)))
        return path

    def delete_voicemail(self, box: str, message: str) -> None:
        """Delete a message."""
        self._in_turn(lambda: self._brain.command_voicemail(lambda desk: desk.delete(box, message, _BY)))


def _view(message: Message) -> VoicemailView:
    return VoicemailView(
        message.box,
        message.message,
        message.from_number,
        message.from_name,
        iso_utc(message.at_s),
        round(message.seconds, 1),
        message.heard,
        message.mailed,
    )
