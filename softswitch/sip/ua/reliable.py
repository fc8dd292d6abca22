"""A reliable provisional response, as its sender (RFC 3262 §3): repeated until its PRACK comes."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from softswitch.core.errors import SipError
from softswitch.core.state_table import Word
from softswitch.sip.grammar import parse_number
from softswitch.sip.message import Request
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.invite_server import InviteServer
from softswitch.sip.ua.core import UaCore


class Kind(Word):
    """The timer of a reliable provisional response."""

    REPEAT = "repeat the response, or give up"


class ReliableUser(Protocol):
    """Who sent the response."""

    def prack_missing(self, now: float) -> None:
        """No PRACK came within 64*T1."""
        ...


class Rack(NamedTuple):
    """What a PRACK acknowledges (RFC 3262 §7.2)."""

    rseq: int
    cseq: int
    method: str


def rack_of(request: Request) -> Rack:
    """Read a PRACK's RAck header.

    Raises:
        SipError: there is none, or it is malformed.
    """
    words = (request.get("RAck") or "").split()
    if len(words) != 3:
        raise SipError("RAck is not two numbers and a method")
    numbers = [parse_number(word, "RAck", most=2**32 - 1) for word in words[:2]]
    return Rack(numbers[0], numbers[1], words[2])


class Reliable:
    """One reliable provisional response, which is sent at once; its interval doubles without bound (§3).

    Args:
        core: the user agent's common ground.
        transaction: the INVITE's.
        status: of the response.
        data: the response.
        user: who hears when no PRACK comes.
        described: whether it carries a session description, which a 2xx must not overtake.
        now: monotonic seconds.
    """

    __slots__ = ("_core", "_data", "_deadline", "_interval_s", "_timer", "_transaction", "_user", "described")

    def __init__(
        self,
        core: UaCore,
        transaction: InviteServer,
        status: int,
        data: bytes,
        user: ReliableUser,
        *,
        described: bool,
        now: float,
    ) -> None:
        self.described = described
        self._core = core
        self._transaction = transaction
        self._data = data
        self._user = user
        self._interval_s = core.timers.t1_s
        self._deadline = now + core.timers.give_up_s
        transaction.respond(status, data, now)
        self._timer: Timer = core.queue.start(self, Kind.REPEAT, self._interval_s, now)

    def stop(self) -> None:
        """Its PRACK came, or nobody waits for it any more."""
        self._core.queue.stop(self._timer)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if now >= self._deadline:
            self._user.prack_missing(now)
            return
        self._core.send(self._transaction.flow, self._data)
        self._interval_s *= 2
        wait_s = min(self._interval_s, self._deadline - now)
        self._timer = self._core.queue.start(self, Kind.REPEAT, wait_s, now)
