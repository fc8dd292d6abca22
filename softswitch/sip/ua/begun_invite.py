"""An INVITE that its owner answers by a bare transaction: refused, mostly, without a session."""

from __future__ import annotations

from enum import Enum

from softswitch.core.state_table import Word
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.transaction.invite_server import InviteServer, State
from softswitch.sip.ua.core import UaCore


class Kind(Word):
    """Its timer."""

    LIMIT = "no answer for 64*T1"


class BegunInvite:
    """Answers an INVITE when its owner does not: 487 at a CANCEL, 500 after 64*T1."""

    __slots__ = ("_core", "_request", "_transaction", "local_tag")

    def __init__(self, core: UaCore, request: Request, transaction: InviteServer, now: float) -> None:
        self._core = core
        self._request = request
        self._transaction = transaction
        self.local_tag = core.steady_tag(request)
        transaction.user = self
        core.queue.linger(self, Kind.LIMIT, core.timers.give_up_s, now)

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take the ACK of a 2xx, which a bare transaction has no use for."""

    def cancelled(self, now: float) -> None:
        """A CANCEL came and is answered."""
        self._answer(487, now)

    def expire(self, kind: Enum, now: float) -> None:
        """The owner did not answer."""
        self._answer(500, now)

    def _answer(self, status: int, now: float) -> None:
        if self._transaction.state is State.PROCEEDING:
            data = self._core.response_of(self._request, status)
            self._transaction.respond(status, data, now)
