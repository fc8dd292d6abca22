"""``application/simple-message-summary`` (RFC 3842 §5.2): is there something in the mailbox."""

from __future__ import annotations

from typing import Final, NamedTuple

CONTENT_TYPE: Final = "application/simple-message-summary"


class MailCounts(NamedTuple):
    """How many messages a mailbox holds."""

    new: int = 0
    old: int = 0
    urgent_new: int = 0
    """Of the new ones."""
    urgent_old: int = 0


def write_message_summary(account: str, counts: MailCounts) -> bytes:
    """Write the body.

    Args:
        account: the URI that a phone calls to hear the messages.
        counts: how many there are.
    """
    waiting = "yes" if counts.new else "no"
    return (
        f"Messages-Waiting: {waiting}\r\n"
        f"Message-Account: {account}\r\n"
        f"Voice-Message: {counts.new}/{counts.old} ({counts.urgent_new}/{counts.urgent_old})\r\n"
    ).encode()
