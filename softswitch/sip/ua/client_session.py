"""A call that went out: the UAC's side of an INVITE and of the session that it makes (RFC 3261 §13.2)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.ua.actions import Answered, Ended, Progressed, Rejected
from softswitch.sip.ua.bye import send_bye
from softswitch.sip.ua.client_invite import CHALLENGES, OPEN, ClientInvite, Kind
from softswitch.sip.ua.client_states import ClientInput, ClientState
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, UaCore
from softswitch.sip.ua.early_dialogs import confirm
from softswitch.sip.ua.order import InviteOrder
from softswitch.sip.ua.pressed_keys import TALK
from softswitch.sip.ua.session_timer import INTERVAL_S, PROPOSAL, least_interval_s, terms_answered

_DIALING: Final = OPEN | {ClientState.CANCELLING}


class ClientSession(ClientInvite):
    """One call that went out. Made by ``UserAgent.invite`` and ``UserAgent.restore``."""

    @classmethod
    def ordered(cls, core: UaCore, order: InviteOrder, owner: str, now: float) -> ClientSession:
        """Begin a session by sending an INVITE."""
        tag = core.new_tag()
        dialog = Dialog(
            core.entropy.token(16), tag, f"{order.from_address};tag={tag}", str(order.to_address), order.request_uri
        )
        dialog.routes = order.route
        session = cls(core, owner, order.flow, dialog)
        session.offered = bool(order.sdp)
        session._credentials = order.credentials
        session.invite_cseq = dialog.next_cseq()
        headers = [core.contact(order.flow), ALLOW_HEADER, core.user_agent, *PROPOSAL, *order.headers]
        if order.sdp:
            headers.append(SDP_HEADER)
        branch = core.new_branch()
        via = core.via(order.flow, branch)
        request = dialog.request(
            "INVITE", session.invite_cseq, via, headers, order.sdp.encode(), max_forwards=order.max_forwards
        )
        session._attach(request, request.to_bytes(), branch, now).start(now)
        session._wait(now)
        return session

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state is ClientState.ENDED

    @property
    def is_winding_down(self) -> bool:
        """Whether it is over, or its end has been told while the callee still has to answer."""
        return self.is_over or (self._told and self.state is ClientState.CANCELLING)

    @property
    def is_confirmed(self) -> bool:
        """Whether 2xx and ACK have passed and nobody has hung up."""
        return self.state is ClientState.CONFIRMED

    # Commands of the owner

    def cancel(self, *, reason: str = "", now: float) -> None:
        """Give up before the callee answers; ``Rejected`` follows in any case.

        CANCEL is sent once the callee has answered provisionally (RFC 3261 §9.1). Where the callee has taken the call
        already it gets a BYE.

        Args:
            reason: the value of a Reason header (RFC 3326), or nothing.
            now: monotonic seconds.
        """
        headers: tuple[Header, ...] = (("Reason", reason),) if reason else ()
        if self.state in OPEN:
            self._cancel_reason = reason
            self._step(ClientInput.CANCEL)
            self.changed = True
            self._prepare_cancel(headers)
            self._send_cancel(now)
        elif self.state in {ClientState.ANSWERED, ClientState.CONFIRMED}:
            self.bye(headers=headers, now=now)
            self._core.tell(Rejected(self, 487, "Answered as we gave up", None))

    def let_go(self) -> None:
        """Tell nothing more of a call that was given up; what the callee answers is still taken."""
        self._told = self._told or self.state is ClientState.CANCELLING

    def acknowledge(self, sdp: str, *, now: float) -> None:
        """Send the ACK with our answer, where the INVITE carried no offer.

        Raises:
            LocalProtocolError: the ACK is not the owner's to send.
        """
        if self.is_over:
            return
        self._step(ClientInput.ACKNOWLEDGE)
        self._core.queue.stop(self._limit)
        self._send_ack(sdp)
        self._restart_timer(now)
        self.changed = True

    def bye(self, *, headers: Iterable[Header] = (), now: float) -> None:
        """Hang up an answered call.

        Raises:
            LocalProtocolError: the call is not answered.
        """
        if self.is_over:
            return
        if self.state is ClientState.ANSWERED:
            self._send_ack("")
        self._step(ClientInput.HANG_UP)
        self._finish(now, known=True)
        self._send_bye(headers, now)

    def press_talk(self, *, now: float) -> None:
        """Ask the phone to take the call, within its early dialog while it rings."""
        if self._early.latest is None:
            super().press_talk(now=now)
        elif self.state is ClientState.EARLY:
            self._early.notify(TALK, now)

    # What the transaction tells

    def responded(self, response: Response, now: float) -> None:
        """The callee answered."""
        status = response.status
        if status < 200:
            self._progressed(response, now)
        elif status >= 300:
            if status in CHALLENGES and self._answer_challenge(response, now):
                return
            least = least_interval_s(response)
            if least and self.state in OPEN and self._sent is not None and not self._asked_for_more:
                self._asked_for_more = True
                self._send_again({"Session-Expires": str(max(least, INTERVAL_S)), "Min-SE": str(least)}, now)
            else:
                self._reject(status, response.reason, response, now)
        elif self.state in _DIALING:
            self._answered(response, now)
        elif (response.to.tag or "") != self.dialog.remote_tag:
            self._refuse_fork(response, now)
        elif self._ack_data:
            self._core.send(self.flow, self._ack_data)

    def timed_out(self, now: float) -> None:
        """The callee does not answer."""
        self._reject(408, "The phone does not answer", None, now)

    def unreachable(self, now: float) -> None:
        """The transport failed."""
        self._reject(503, "The phone cannot be reached", None, now)

    def _progressed(self, response: Response, now: float) -> None:
        if response.get("RSeq") is not None and not self._early.acknowledge(response, self.invite_cseq, now):
            return
        if self.state is ClientState.CANCELLING:
            self._send_cancel(now)
        elif response.status > 100:
            self._step(ClientInput.PROVISIONAL)
            self._heard = now
            self.note_events(response)
            self._early.note(response)
            self._core.tell(Progressed(self, response.status, response.sdp))

    def _reject(self, status: int, reason: str, response: Response | None, now: float) -> None:
        cancelled = self.state is ClientState.CANCELLING and response is None
        self._step(ClientInput.REJECTION)
        self._finish(now)
        self._transaction = self._sent = None
        if not self._told:
            self._core.tell(Rejected(self, 487 if cancelled else status, reason, response))

    def _answered(self, response: Response, now: float) -> None:
        dialog = self.dialog
        confirm(dialog, response)
        if self.state is ClientState.CANCELLING:
            self._send_ack("")
            self._step(ClientInput.ANSWER)
            self._finish(now, known=True)
            self._send_bye((), now)
            if not self._told:
                self._core.tell(Rejected(self, 487, "Answered as we gave up", None))
            return
        self._core.queue.stop(self._limit)
        self.changed = True
        self._sent = None
        self.peer_allow = response.get("Allow") or self.peer_allow
        self.note_events(response)
        self._early.forget()
        self.terms = terms_answered(response)
        if self._step(ClientInput.ANSWER if self.offered else ClientInput.OPEN_ANSWER) is ClientState.CONFIRMED:
            self._send_ack("")
            self._restart_timer(now)
        else:
            give_up_s = self._core.timers.give_up_s
            self._limit = self._core.queue.start(self, Kind.UNACKNOWLEDGED, give_up_s, now)
        self._core.tell(Answered(self, response.sdp))

    def _refuse_fork(self, response: Response, now: float) -> None:
        """Another branch of a fork answered as well: ACK and BYE there (RFC 3261 §13.2.2.4)."""
        other = self._early.fork(response)
        via = self._core.via(self.flow, self._core.new_branch())
        ack = other.request("ACK", self.invite_cseq, via, [self._core.user_agent])
        self._core.send(self.flow, ack.to_bytes())
        send_bye(self._core, other, self.flow, (), now)

    # What the peer sends

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take the ACK of our 2xx to a re-INVITE."""
        if self._reoffer_in is not None and request.cseq.number == self._reoffer_in.cseq:
            self._reoffer_in.acknowledged(request, flow, now)

    def _hung_up(self, reason: str, now: float) -> None:
        """Take a BYE; one that overtook the 2xx it belongs to ends the call as well."""
        if self.state in OPEN:
            self._step(ClientInput.CANCEL)
            self._prepare_cancel(())
            self._send_cancel(now)
            self._told = True
            self._core.tell(Rejected(self, 480, reason or "BYE before the answer", None))
        elif self.state is not ClientState.CANCELLING:
            if self.state is ClientState.ANSWERED:
                self._send_ack("")
            self._step(ClientInput.BYE)
            self._finish(now)
            self._core.tell(Ended(self, 200, reason))

    def _may_reoffer(self, now: float) -> int:
        """Refuse a re-INVITE as long as our own INVITE is not over (RFC 3261 §14.2)."""
        return 0 if self.is_confirmed else 491

    def receive_stray(self, response: Response, now: float) -> None:
        """Take a 2xx to an INVITE whose transaction is gone."""
        foreign = (response.to.tag or "") != self.dialog.remote_tag
        if foreign and self.is_confirmed and response.cseq.number == self.invite_cseq:
            self._refuse_fork(response, now)
        else:
            super().receive_stray(response, now)

    # Ends

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is Kind.UNACKNOWLEDGED:
            self._send_ack("")
            self._step(ClientInput.LOSE)
            self._finish(now, known=True)
            self._send_bye((), now)
            self._core.tell(Ended(self, 408, "Our answer was not made in time"))
        elif kind is Kind.TIMER_C:
            self._rang(now)
        else:
            self._invite.abandon()
            self._reject(408, "No answer to the CANCEL", None, now)

    def _rang(self, now: float) -> None:
        """Timer C is due: cancel, unless a provisional response came after its start."""
        left_s = self._heard + self._core.timers.c_s - now
        if left_s > 0:
            self._limit = self._core.queue.start(self, Kind.TIMER_C, left_s, now)
        else:
            self._step(ClientInput.CANCEL)
            self._prepare_cancel(())
            self._send_cancel(now)
            self._told = True
            self._core.tell(Rejected(self, 408, "The phone rang too long", None))

    def _lose(self) -> None:
        self._step(ClientInput.LOSE)
