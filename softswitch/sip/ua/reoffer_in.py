"""A re-INVITE of the peer (RFC 3261 §14.2): offered, then taken or refused by the session's owner."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.dialog.dialog import target_of
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import Key
from softswitch.sip.transaction.matching import reply_flow
from softswitch.sip.ua.actions import Acknowledged
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, SUPPORTED_HEADER, UaCore
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.pending_answer import PendingAnswer


class State(Word):
    """Where a re-INVITE of the peer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Input(Word):
    """What can happen to it."""

    ACCEPT = "2xx from the owner"
    REFUSE = "300-699 from the owner, CANCEL, BYE, or the limit"
    ACK = "ACK"
    ACK_MISSING = "no ACK for 64*T1"
    STOP = "the session is over"


TABLE: Final = StateTable(
    "re-INVITE received",
    {
        (State.OFFERED, Input.ACCEPT): State.ACCEPTED,
        (State.OFFERED, Input.REFUSE): State.CLOSED,
        (State.ACCEPTED, Input.ACK): State.CLOSED,
        (State.ACCEPTED, Input.ACK_MISSING): State.CLOSED,
        (State.ACCEPTED, Input.STOP): State.CLOSED,
    },
)


class Kind(Word):
    """Its timers."""

    TRYING = "no answer for 200 ms"
    LIMIT = "no answer for 64*T1"


_TRYING_S: Final = 0.2
"""After that a 100 stops the peer's retransmissions (RFC 3261 §17.2.1)."""


class ReofferIn:
    """One re-INVITE of the peer.

    Args:
        core: the user agent's common ground.
        party: the session.
        request: the re-INVITE.
        key: what it is matched by.
        flow: where it came from.
        extra: headers that our 2xx carries besides, e.g. those of the session timer.
        now: monotonic seconds.
    """

    def __init__(
        self,
        core: UaCore,
        party: Party,
        request: Request,
        key: Key,
        flow: Flow,
        extra: tuple[Header, ...],
        now: float,
    ) -> None:
        self.state = State.OFFERED
        self.cseq = request.cseq.number
        self._core = core
        self._party = party
        self._request = request
        self._extra = extra
        self._target = target_of(request)
        self._transaction = core.layer.serve_invite(key, reply_flow(request, flow), self)
        self._answer: PendingAnswer | None = None
        self._timers: tuple[Timer, ...] = (
            core.queue.start(self, Kind.TRYING, _TRYING_S, now),
            core.queue.start(self, Kind.LIMIT, core.timers.give_up_s, now),
        )

    def accept(self, sdp: str, now: float) -> None:
        """Take it: 200 with ``sdp``, repeated until the ACK comes; the peer's Contact is its new target."""
        self._step(Input.ACCEPT)
        self._stop_timers()
        if self._target is not None:
            self._party.dialog.target = self._target
        core = self._core
        headers = (
            core.contact(self._party.flow, self._party.focus),
            ALLOW_HEADER,
            SUPPORTED_HEADER,
            *self._extra,
            SDP_HEADER,
        )
        data = core.response_of(self._request, 200, headers, sdp.encode())
        self._answer = PendingAnswer(core, self._transaction, data, self, now)
        self._party.changed = True

    def refuse(self, status: int, headers: Iterable[Header], now: float) -> None:
        """Refuse it; the session stays as it was."""
        self._step(Input.REFUSE)
        self._stop_timers()
        self._transaction.respond(status, self._core.response_of(self._request, status, headers), now)

    @property
    def local_tag(self) -> str:
        """The To tag of its responses."""
        return self._party.dialog.local_tag

    def cancelled(self, now: float) -> None:
        """The peer's CANCEL came and is answered; too late where the re-INVITE is."""
        if self.state is State.OFFERED:
            self.refuse(487, (), now)

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take the ACK; what it carries counts only where our 2xx made the offer."""
        if self.state is not State.ACCEPTED:
            return
        offerless = not self._request.sdp
        self._step(Input.ACK)
        self._transaction.user = None
        self._stop_timers()
        if offerless:
            self._core.tell(Acknowledged(self._party, request.sdp))

    def ack_missing(self, now: float) -> None:
        """No ACK came."""
        self._step(Input.ACK_MISSING)
        self._party.ack_missing(now)

    def stop(self, now: float) -> None:
        """The session is over: answer 487 where nothing was answered (RFC 3261 §15.1.2), repeat nothing."""
        if self.state is State.OFFERED:
            self.refuse(487, (), now)
        elif self.state is State.ACCEPTED:
            self._step(Input.STOP)
            self._stop_timers()

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is Kind.TRYING:
            self._transaction.respond(100, self._core.response_of(self._request, 100), now)
        else:
            self.refuse(500, (("Retry-After", "5"),), now)

    def _stop_timers(self) -> None:
        for timer in self._timers:
            self._core.queue.stop(timer)
        if self._answer is not None:
            self._answer.stop()
            self._answer = None

    def _step(self, given: Input) -> None:
        self.state = TABLE.step(self.state, given)
