"""What the API sees of mailboxes; the brain fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VoicemailView:
    """A message that a caller left."""

    box: str
    """Name of the user or group."""
    message: str
    """Its name, by which it is heard, saved and deleted."""
    from_number: str
    from_name: str
    left_at: str
    """ISO 8601 in UTC."""
    seconds: float
    heard: bool
    mailed: bool
    """Whether it went out by mail, or will not any more."""


class MailboxView(Protocol):
    """The mailboxes. Every method returns at once."""

    def voicemail(self, box: str) -> Sequence[VoicemailView]:
        """List the messages of a box, or of all where ``box`` is empty."""
        ...

    def voicemail_file(self, box: str, message: str) -> str:
        """Return the path of a message's file, and count it as heard.

        Raises:
            CommandError: there is no such message.
        """
        ...

    def delete_voicemail(self, box: str, message: str) -> None:
        """Delete a message.

        Raises:
            CommandError: there is no such message.
        """
        ...
