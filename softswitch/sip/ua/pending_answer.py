"""A 2xx whose ACK is outstanding: it is repeated until the ACK comes or 64*T1 have passed (RFC 3261 §13.3.1.4)."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from softswitch.core.state_table import Word
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import doubled
from softswitch.sip.transaction.invite_server import InviteServer
from softswitch.sip.ua.core import UaCore


class Kind(Word):
    """The timer of a 2xx."""

    REPEAT = "repeat the 2xx, or give up"


class AnswerUser(Protocol):
    """Who sent the 2xx."""

    def ack_missing(self, now: float) -> None:
        """No ACK came."""
        ...


class PendingAnswer:
    """One 2xx, which is sent at once; over any transport, for a hop behind it may be a datagram's."""

    __slots__ = ("_core", "_deadline", "_interval_s", "_repeat", "_transaction", "_user", "data")

    def __init__(
        self,
        core: UaCore,
        transaction: InviteServer,
        data: bytes,
        user: AnswerUser,
        now: float,
        give_up_s: float | None = None,
    ) -> None:
        self._core = core
        self._transaction = transaction
        self._user = user
        self.data = data
        self._interval_s = core.timers.t1_s
        transaction.respond(200, data, now)
        self._repeat: Timer = core.queue.start(self, Kind.REPEAT, self._interval_s, now)
        self._deadline = now + (core.timers.give_up_s if give_up_s is None else give_up_s)

    def stop(self) -> None:
        """Repeat no more."""
        self._core.queue.stop(self._repeat)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if now >= self._deadline:
            self._user.ack_missing(now)
            return
        self._core.send(self._transaction.flow, self.data)
        self._interval_s = doubled(self._interval_s, self._core.timers.t2_s)
        wait_s = min(self._interval_s, self._deadline - now)
        self._repeat = self._core.queue.start(self, Kind.REPEAT, wait_s, now)
