"""Messages for webhooks that are still to be delivered, and how far the journal has been read for them.

A database of its own, so that a receiver that is down for days costs the call records nothing. How far the journal was
read, what is remembered of calls and the new messages change in one transaction: nothing is told twice or left out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "webhooks.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS place (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), sequence INTEGER, calls TEXT);
CREATE TABLE IF NOT EXISTS messages (
    message_id TEXT PRIMARY KEY, webhook TEXT, event TEXT, body TEXT,
    attempts INTEGER DEFAULT 0, next_at REAL, problem TEXT DEFAULT '', given_up INTEGER DEFAULT 0
);
CREATE INDEX IF NOT EXISTS due ON messages (webhook, given_up, next_at);
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message for one webhook."""

    message_id: str
    webhook: str
    event: str
    body: str
    attempts: int = 0
    next_at: float = 0.0
    problem: str = ""
    given_up: bool = False


def _message(row: tuple[Any, ...]) -> Message:
    message_id, webhook, event, body, attempts, next_at, problem, given_up = row
    return Message(message_id, webhook, event, body, attempts, next_at, problem, bool(given_up))


class WebhookSpool:
    """The database; used by one process.

    Args:
        directory: the storage directory.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / FILE
        self._database = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_SCHEMA)

    def place(self) -> tuple[int, dict[str, Any]] | None:
        """Return the last record that was read and what is remembered of calls; None where nothing was read yet."""
        row = self._database.execute("SELECT sequence, calls FROM place").fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def move(self, sequence: int, calls: Mapping[str, object], messages: Iterable[Message]) -> None:
        """Remember how far the journal was read, together with the messages that came of it."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT OR REPLACE INTO place VALUES (1, ?, ?)", (sequence, json.dumps(calls)))
        self._database.executemany(
            "INSERT OR IGNORE INTO messages (message_id, webhook, event, body, next_at) VALUES (?, ?, ?, ?, ?)",
            [(each.message_id, each.webhook, each.event, each.body, each.next_at) for each in messages],
        )
        self._database.execute("COMMIT")

    def due(self, webhook: str, wall_s: float, most: int) -> Sequence[Message]:
        """Return messages of a webhook that are to be tried now, those that have waited longest first."""
        rows = self._database.execute(
            "SELECT * FROM messages WHERE webhook = ? AND given_up = 0 AND next_at <= ? ORDER BY next_at LIMIT ?",
            (webhook, wall_s, most),
        )
        return [_message(row) for row in rows]

    def delivered(self, message_id: str) -> None:
        """Forget a message that has arrived."""
        self._database.execute("DELETE FROM messages WHERE message_id = ?", (message_id,))

    def failed(self, message_id: str, problem: str, next_at: float | None) -> None:
        """Note a try that failed; without another time the message is given up and kept for people to look at."""
        self._database.execute(
            "UPDATE messages SET attempts = attempts + 1, problem = ?, next_at = ?, given_up = ? WHERE message_id = ?",
            (problem, next_at or 0.0, next_at is None, message_id),
        )

    def drop_strangers(self, webhooks: Iterable[str]) -> None:
        """Forget the messages of webhooks that the site has no more."""
        known = list(webhooks)
        marks = ", ".join("?" for _ in known)
        self._database.execute(f"DELETE FROM messages WHERE webhook NOT IN ({marks})", known)  # noqa: S608  # marks only

    def drop_older(self, given_up_before: float) -> None:
        """Forget messages that were given up, by the time of their first try."""
        self._database.execute("DELETE FROM messages WHERE given_up = 1 AND next_at < ?", (given_up_before,))

    def all(self, most: int = 1000) -> Sequence[Message]:
        """Return the messages that wait or were given up."""
        rows = self._database.execute("SELECT * FROM messages ORDER BY given_up, next_at LIMIT ?", (most,))
        return [_message(row) for row in rows]

    def close(self) -> None:
        """Close it."""
        self._database.close()
