"""What waits for webhooks, for commands to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softswitch.storage.webhook_spool import FILE, Message, WebhookSpool


def backlog(directory: Path) -> Sequence[Message]:
    """Return the messages that did not arrive yet; none where there never was a webhook.

    Args:
        directory: the storage directory.
    """
    if not (directory / FILE).exists():
        return ()
    spool = WebhookSpool(directory)
    try:
        return spool.all()
    finally:
        spool.close()
