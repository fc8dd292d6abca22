"""A re-INVITE of ours (RFC 3261 §14.1)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, Protocol

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.dialog.dialog import answered_target
from softswitch.sip.message import Header, Response
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.invite_client import InviteClient
from softswitch.sip.ua.actions import ReofferAnswered, ReofferRefused
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, UaCore
from softswitch.sip.ua.party import Party


class State(Word):
    """Where a re-INVITE of ours stands."""

    SENT = "sent"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class Input(Word):
    """What can happen to it."""

    ANSWER = "2xx"
    ANSWER_AGAIN = "2xx again"
    REFUSAL = "300-699, time-out, transport error, or the limit"
    GLARE = "491, or another one is under way"
    RETRY = "the wait after a glare is over"
    STOP = "the session is over"


TABLE: Final = StateTable(
    "re-INVITE sent",
    {
        (State.SENT, Input.ANSWER): State.ANSWERED,
        (State.SENT, Input.REFUSAL): State.CLOSED,
        (State.SENT, Input.GLARE): State.WAITING,
        (State.WAITING, Input.RETRY): State.CLOSED,
        (State.WAITING, Input.STOP): State.CLOSED,
        (State.SENT, Input.STOP): State.CLOSED,
        (State.ANSWERED, Input.ANSWER): State.ANSWERED,
        (State.ANSWERED, Input.STOP): State.ANSWERED,
        (State.CLOSED, Input.STOP): State.CLOSED,
    },
)


class Kind(Word):
    """Its timers."""

    LIMIT = "provisional answers only, for timer C"
    RETRY = "the wait after a glare (RFC 3261 §14.1)"


class Reoffering(Party, Protocol):
    """A session that sends re-INVITEs."""

    def glare_delay_s(self) -> float:
        """Draw how long to wait after a 491 before the next try."""
        ...

    def refreshed(self, response: Response, now: float) -> None:
        """The peer took the re-INVITE."""
        ...

    def glare_is_over(self) -> None:
        """The wait after a 491 is over."""
        ...


class ReofferOut:
    """One re-INVITE of ours, which is sent at once.

    Args:
        core: the user agent's common ground.
        party: the session.
        sdp: the offer.
        extra: further headers, e.g. those of the session timer.
        now: monotonic seconds.
        held_up: whether another INVITE is under way: nothing is sent, and the glare's wait begins.
    """

    def __init__(
        self,
        core: UaCore,
        party: Reoffering,
        sdp: str,
        extra: Iterable[Header],
        now: float,
        *,
        held_up: bool = False,
    ) -> None:
        self.state = State.SENT
        self._core = core
        self._party = party
        self._sdp = sdp
        self._ack = b""
        self._cseq = 0
        self._transaction: InviteClient | None = None
        self._limit: Timer | None = None
        if held_up:
            self._wait(now)
        else:
            self._send(sdp, extra, now)

    def _send(self, sdp: str, extra: Iterable[Header], now: float) -> None:
        core, party = self._core, self._party
        dialog = party.dialog
        self._cseq = dialog.next_cseq()
        branch = core.new_branch()
        headers: list[Header] = [
            core.contact(party.flow, party.focus),
            ALLOW_HEADER,
            core.user_agent,
            *extra,
            SDP_HEADER,
        ]
        request = dialog.request("INVITE", self._cseq, core.via(party.flow, branch), headers, sdp.encode())
        key = (branch, "INVITE")
        self._transaction = core.layer.invite(key, request, request.to_bytes(), party.flow, self, now)
        self._transaction.start(now)
        self._limit = core.queue.start(self, Kind.LIMIT, core.timers.c_s, now)

    def _wait(self, now: float) -> None:
        """A glare: be silent for a while, then let the owner offer again what is right by then."""
        self.state = TABLE.step(self.state, Input.GLARE)
        self._core.queue.stop(self._limit)
        self._limit = self._core.queue.start(self, Kind.RETRY, self._party.glare_delay_s(), now)

    @property
    def pending(self) -> bool:
        """Whether its final response is outstanding."""
        return self.state is State.SENT

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        status = response.status
        if status < 200:
            return
        if status < 300:
            self._answered(response, now)
        elif status == 491:
            self._wait(now)
        else:
            self._refused(status, "The peer does not know the dialog", now)

    def _answered(self, response: Response, now: float) -> None:
        first = self.pending
        self.state = TABLE.step(self.state, Input.ANSWER)
        if first:
            self._core.queue.stop(self._limit)
            party = self._party
            party.dialog.target = answered_target(response) or party.dialog.target
            via = self._core.via(party.flow, self._core.new_branch())
            self._ack = party.dialog.request("ACK", self._cseq, via, [self._core.user_agent]).to_bytes()
            party.refreshed(response, now)
            party.changed = True
            self._core.tell(ReofferAnswered(party, response.sdp, self._sdp))
        self._core.send(self._party.flow, self._ack)

    def timed_out(self, now: float) -> None:
        """The peer does not answer."""
        self._refused(408, "The peer does not answer", now)

    def unreachable(self, now: float) -> None:
        """The transport failed."""
        self._refused(503, "", now)

    def _refused(self, status: int, reason: str, now: float) -> None:
        """Report it; 408 and 481 end the dialog as a whole (RFC 3261 §14.1)."""
        self.state = TABLE.step(self.state, Input.REFUSAL)
        self._core.queue.stop(self._limit)
        if status in {408, 481}:
            self._party.lost(status, reason, now)
        else:
            self._core.tell(ReofferRefused(self._party, status))

    def stop(self) -> None:
        """The session is over, or another offer follows: wait for nothing."""
        self.state = TABLE.step(self.state, Input.STOP)
        self._abandon()

    def expire(self, kind: Enum, now: float) -> None:
        """The limit is reached, or the wait after a glare is over."""
        if kind is Kind.RETRY:
            self.state = TABLE.step(self.state, Input.RETRY)
            self._core.tell(ReofferRefused(self._party, 491))
            self._party.glare_is_over()
        else:
            self._abandon()
            self._refused(408, "The peer does not answer", now)

    def _abandon(self) -> None:
        self._core.queue.stop(self._limit)
        if self._transaction is not None:
            self._transaction.abandon()
