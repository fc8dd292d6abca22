"""Short messages between users (RFC 3428) that are not delivered yet: folded from facts, so that none is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact


@fact("message.taken")
class MessageTaken:
    """A user sent a message to another one; from now on it is ours to deliver."""

    message: str
    """Our name for it, and the Call-ID under which it is delivered: a phone sees whether it comes twice."""
    from_user: str
    to_user: str
    content_type: str
    body: bytes
    sip_call_id: str
    """Under which it came, with its CSeq."""
    cseq: int


@fact("message.delivered")
class MessageDelivered:
    """A phone of the recipient took it."""

    message: str


@fact("message.failed")
class MessageFailed:
    """It will never be delivered."""

    message: str
    status: int
    reason: str


class Message(NamedTuple):
    """A message on its way."""

    message: str
    from_user: str
    to_user: str
    content_type: str
    body: bytes
    came_by: tuple[str, int]
    at_s: float
    """Wall time at which it was taken."""


class Messages:
    """All messages on their way; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._found: dict[str, Message] = {}
        self._to: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._found.values())

    def get(self, message: str) -> Message | None:
        """Return one message, or None."""
        return self._found.get(message)

    def to(self, user: str) -> tuple[Message, ...]:
        """Return what is on its way to a user, the oldest first."""
        return tuple(self._found[name] for name in self._to.get(user, ()))

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is MessageTaken:
            came_by = (made.sip_call_id, made.cseq)
            self._put(
                Message(
                    made.message, made.from_user, made.to_user, made.content_type, made.body, came_by, record.wall_s
                )
            )
        elif type(made) in (MessageDelivered, MessageFailed):
            self._drop(made.message)

    def _put(self, message: Message) -> None:
        self._found[message.message] = message
        self._to.setdefault(message.to_user, {})[message.message] = None

    def _drop(self, name: str) -> None:
        gone = self._found.pop(name, None)
        if gone is not None:
            names = self._to[gone.to_user]
            del names[name]
            if not names:
                del self._to[gone.to_user]

    def values(self) -> tuple[Any, ...]:
        """Return all as plain values, for a snapshot."""
        return tuple(tuple(message) for message in self)

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of messages.
        """
        for row in values:
            self._put(Message(*row))
