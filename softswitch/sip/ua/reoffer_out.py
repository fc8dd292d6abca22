"""A re-INVITE of ours (RFC 3261 §14.1)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.dialog.dialog import answered_target
from softswitch.sip.message import Header, Response
from softswitch.sip.timers import Timer
from softswitch.sip.ua.actions import ReofferAnswered, ReofferRefused
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, UaCore
from softswitch.sip.ua.party import Party


class State(Word):
    """Where a re-INVITE of ours stands."""

    SENT = "sent"
    ANSWERED = "answered"
    CLOSED = "closed"


class Input(Word):
    """What can happen to it."""

    ANSWER = "2xx"
    ANSWER_AGAIN = "2xx again"
    REFUSAL = "300-699, time-out, transport error, or the limit"
    STOP = "the session is over"


TABLE: Final = StateTable(
    "re-INVITE sent",
    {
        (State.SENT, Input.ANSWER): State.ANSWERED,
        (State.SENT, Input.REFUSAL): State.CLOSED,
        (State.SENT, Input.STOP): State.CLOSED,
        (State.ANSWERED, Input.ANSWER): State.ANSWERED,
        (State.ANSWERED, Input.STOP): State.ANSWERED,
        (State.CLOSED, Input.STOP): State.CLOSED,
    },
)


class Kind(Word):
    """Its timer."""

    LIMIT = "provisional answers only, for timer C"


class ReofferOut:
    """One re-INVITE of ours, which is sent at once.

    Args:
        core: the user agent's common ground.
        party: the session.
        sdp: the offer.
        now: monotonic seconds.
    """

    def __init__(self, core: UaCore, party: Party, sdp: str, now: float) -> None:
        self.state = State.SENT
        self._core = core
        self._party = party
        self._ack = b""
        dialog = party.dialog
        self._cseq = dialog.next_cseq()
        branch = core.new_branch()
        headers: list[Header] = [core.contact(party.flow), ALLOW_HEADER, core.user_agent, SDP_HEADER]
        request = dialog.request("INVITE", self._cseq, core.via(party.flow, branch), headers, sdp.encode())
        key = (branch, "INVITE")
        self._transaction = core.layer.invite(key, request, request.to_bytes(), party.flow, self)
        self._transaction.start(now)
        self._limit: Timer = core.queue.start(self, Kind.LIMIT, core.timers.c_s, now)

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
            self._answered(response)
        else:
            self._refused(status, "The peer does not know the dialog", now)

    def _answered(self, response: Response) -> None:
        first = self.pending
        self.state = TABLE.step(self.state, Input.ANSWER)
        if first:
            self._core.queue.stop(self._limit)
            party = self._party
            party.dialog.target = answered_target(response) or party.dialog.target
            via = self._core.via(party.flow, self._core.new_branch())
            self._ack = party.dialog.request("ACK", self._cseq, via, [self._core.user_agent]).to_bytes()
            party.changed = True
            self._core.tell(ReofferAnswered(party, response.sdp))
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
        """The session is over: wait for nothing."""
        self.state = TABLE.step(self.state, Input.STOP)
        self._core.queue.stop(self._limit)
        self._transaction.abandon()

    def expire(self, kind: Enum, now: float) -> None:
        """The limit is reached."""
        self._transaction.abandon()
        self._refused(408, "The peer does not answer", now)
