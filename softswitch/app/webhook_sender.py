"""Tells others of calls: follows the journal, signs, delivers, and tries again what did not arrive.

Nothing waits for it: it is a program of its own that reads what is on disk already. A receiver that is down for days
gets its messages when it is back, in no certain order; each has an id by which a second delivery can be told.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from standardwebhooks import Webhook as Signer

from softswitch.app.webhook_events import KnownCall, event_of
from softswitch.core.facts import decode
from softswitch.directory.connectors import Webhook
from softswitch.journal.tail import JournalTail
from softswitch.runtime.log import get_logger
from softswitch.storage.webhook_spool import Message, WebhookSpool

RETRIES_S: Final = (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400)
"""How long to wait after each try that failed; after the last a message is given up."""
TIMEOUT_S: Final = 15.0
AT_ONCE: Final = 16
_LOG = get_logger("webhooks")


class WebhookSender:
    """One journal's messages.

    Args:
        journal: its directory.
        spool: where messages wait.
        webhooks: returns those of the site in force, by name.
        client: sends requests.
        wall_s: returns the time.
    """

    def __init__(
        self,
        journal: Path,
        spool: WebhookSpool,
        webhooks: Callable[[], Mapping[str, Webhook]],
        client: httpx.AsyncClient,
        wall_s: Callable[[], float],
        *,
        last_sequence: int,
    ) -> None:
        known = spool.place()
        sequence, calls = known or (last_sequence, {})
        self._spool = spool
        self._webhooks = webhooks
        self._client = client
        self._wall_s = wall_s
        self._calls = {
            name: KnownCall(c["about"], {k: tuple(v) for k, v in c["legs"].items()}) for name, c in calls.items()
        }
        self._tail = JournalTail(journal, sequence)

    def read(self) -> int:
        """Turn what is new in the journal into messages; return how many records there were."""
        payloads = self._tail.read()
        if not payloads:
            return 0
        events = [
            (record, event) for record in map(decode, payloads) if (event := event_of(self._calls, record)) is not None
        ]
        messages = [
            Message(
                f"msg_{record.sequence}_{hook.name}", hook.name, event["type"], _body(event), next_at=self._wall_s()
            )
            for record, event in events
            for hook in self._webhooks().values()
            if event["type"].removeprefix("call.") in hook.events
        ]
        self._spool.move(self._tail.last_sequence, {n: asdict(c) for n, c in self._calls.items()}, messages)
        return len(payloads)

    async def deliver(self, hook: Webhook) -> int:
        """Try the messages of one webhook that are due; return how many arrived."""
        due = self._spool.due(hook.name, self._wall_s(), AT_ONCE)
        return sum(await asyncio.gather(*(self._try(hook, message) for message in due)))

    async def _try(self, hook: Webhook, message: Message) -> bool:
        problem = await self._post(hook, message)
        if not problem:
            self._spool.delivered(message.message_id)
            return True
        wait_s = RETRIES_S[message.attempts] if message.attempts < len(RETRIES_S) else None
        self._spool.failed(message.message_id, problem, None if wait_s is None else self._wall_s() + wait_s)
        _LOG.warning("webhook.failed", webhook=hook.name, message=message.message_id, reason=problem, again_s=wait_s)
        return False

    async def _post(self, hook: Webhook, message: Message) -> str:
        """Send a message; return what went wrong, or an empty text."""
        secret = os.environ.get(hook.secret_env, "")
        if not secret:
            return f"the environment variable {hook.secret_env} is empty"
        try:
            headers = signed(secret, message.message_id, message.body, self._wall_s())
            response = await self._client.post(hook.url, content=message.body, headers=headers, timeout=TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            return f"{type(error).__name__}: {error}"[:200]
        return "" if response.is_success else f"status {response.status_code}"


def _body(event: Mapping[str, object]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def signed(secret: str, message_id: str, body: str, wall_s: float) -> dict[str, str]:
    """Return the headers of a message (Standard Webhooks).

    Args:
        secret: ``whsec_`` and base64.
        message_id: stays the same when it is sent again.
        body: what is sent.
        wall_s: the time of this try.

    Raises:
        ValueError: the secret is none.
    """
    at = datetime.fromtimestamp(int(wall_s), UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(wall_s)),
        "webhook-signature": Signer(secret).sign(message_id, at, body),
    }
