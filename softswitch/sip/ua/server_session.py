"""A call that came in: the UAS's side of an INVITE and of the session that it makes (RFC 3261 §13.3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.dialog.dialog import Dialog, target_of
from softswitch.sip.dialog.route import callee_routes
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.transaction.base import Key
from softswitch.sip.transaction.matching import reply_flow, server_key
from softswitch.sip.ua.actions import Acknowledged, Cancelled, Ended
from softswitch.sip.ua.compose import copied_text
from softswitch.sip.ua.core import UaCore
from softswitch.sip.ua.dialog_snapshot import flow_of, flow_values
from softswitch.sip.ua.pending_answer import PendingAnswer
from softswitch.sip.ua.reliable import rack_of
from softswitch.sip.ua.server_invite import Kind, ServerInvite
from softswitch.sip.ua.server_states import ServerInput, ServerState
from softswitch.sip.ua.session_timer import NOTHING_AGREED, Terms, headers_for_answer, terms_asked
from softswitch.sip.ua.snapshot import SessionSnapshot, snapshot_of

_GAVE_UP: Final[Header] = ("Reason", 'Q.850;cause=16;text="Normal call clearing"')
"""What a 487 says to the caller that asked for it (RFC 6432)."""
_WAITING: Final = frozenset({ServerState.RECEIVED, ServerState.EARLY})


class ServerSession(ServerInvite):
    """One call that came in. Made by ``UserAgent.accept_invite`` and ``UserAgent.restore``."""

    @classmethod
    def arrived(cls, core: UaCore, request: Request, flow: Flow, owner: str, now: float) -> ServerSession:
        """Begin a session for an INVITE outside any dialog: 100 is sent at once."""
        tag = core.new_tag()
        dialog = Dialog(
            request.call_id, tag, f"{request.get('To')};tag={tag}", request.get("From") or "", target_of(request) or ""
        )
        dialog.remote_tag = request.from_.tag or ""
        dialog.routes = callee_routes(request)
        dialog.remote_cseq = request.cseq.number
        copied = copied_text(request, tag, dialog=True)
        merge_key = (dialog.sip_call_id, dialog.remote_tag, dialog.remote_cseq)
        transaction = core.layer.serve_invite(server_key(request), reply_flow(request, flow), None, merge_key)
        session = cls(core, owner, flow, dialog, transaction, copied)
        transaction.user = session
        session.offered = bool(request.body)
        session.peer_allow = request.get("Allow") or ""
        session.note_events(request)
        session.terms = terms_asked(request)
        session._timer_headers = headers_for_answer(session.terms, request)
        if request.get("Require") is not None and "100rel" in ",".join(request.get_all("Require")).lower():
            session._rseq = 0
        session._begin(request, now)
        return session

    @classmethod
    def restored(cls, core: UaCore, owner: str, flow: Flow, dialog: Dialog, snapshot: SessionSnapshot) -> ServerSession:
        """Make a session anew; :meth:`take_over` lets it go on."""
        if snapshot.reply_flow is None:
            return cls(core, owner, flow, dialog, None, "")
        merge_key = (dialog.sip_call_id, dialog.remote_tag, snapshot.invite_cseq)
        key = (snapshot.branch, "INVITE")
        transaction = core.layer.serve_invite(key, flow_of(snapshot.reply_flow), None, merge_key)
        session = cls(core, owner, flow, dialog, transaction, snapshot.copied)
        transaction.user = session
        return session

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or will as soon as the ACK is there."""
        return self.state is ServerState.ENDED

    @property
    def is_winding_down(self) -> bool:
        """Whether it is over for its owner: it has ended, or waits for the ACK before its BYE."""
        return self._is_closed()

    @property
    def is_confirmed(self) -> bool:
        """Whether 2xx and ACK have passed and nobody has hung up."""
        return self.state is ServerState.CONFIRMED

    # Commands of the owner

    def accept(self, sdp: str, *, headers: Iterable[Header] = (), now: float) -> None:
        """Take the call: 200 with ``sdp``, repeated until its ACK comes.

        Raises:
            LocalProtocolError: the call is answered already.
        """
        if self._is_closed():
            return
        self._step(ServerInput.ACCEPT)
        self._stop_waiting()
        data = self._response(200, (*self._timer_headers, *headers), sdp)
        self.changed = True
        if self._reliable is not None:
            if self._reliable.described:  # RFC 3262 §3: its PRACK goes first
                self._held = data
                return
            self._stop_reliable()
        self._answer = PendingAnswer(self._core, self._invite, data, self, now)

    def reject(self, status: int, *, headers: Iterable[Header] = (), now: float) -> None:
        """Refuse the call.

        Raises:
            LocalProtocolError: the call is answered already.
        """
        if not self._is_closed():
            self._refuse(status, headers, now)

    def bye(self, *, headers: Iterable[Header] = (), now: float) -> None:
        """Hang up an answered call; before its ACK has come, the BYE waits for it.

        Raises:
            LocalProtocolError: the call is not answered.
        """
        if self._is_closed():
            return
        if self._step(ServerInput.HANG_UP) is ServerState.ENDING:
            self._farewell = tuple(headers)
            return
        self._finish(now, known=True)
        self._send_bye(headers, now)

    # What the peer sends

    def _receive_prack(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take the PRACK of a reliable provisional response; one with an offer of its own is refused."""
        try:
            rack = rack_of(request)
        except SipError as error:
            self._core.answer(request, key, flow, error.status_hint, now)
            return
        if not (0 < rack.rseq <= self._rseq and rack.cseq == self.invite_cseq and rack.method == "INVITE"):
            self._core.answer(request, key, flow, 481, now)
            return
        self._core.answer(request, key, flow, 488 if request.body else 200, now)
        if rack.rseq != self._rseq or self._reliable is None:
            return
        self._stop_reliable()
        if self._held:
            self._answer = PendingAnswer(self._core, self._invite, self._held, self, now)
            self._held = b""
        elif self.state in _WAITING:
            self._progress_reliably(now)

    def prack_missing(self, now: float) -> None:
        """No PRACK came: the call is refused (RFC 3262 §3)."""
        if self.state in _WAITING:
            self._refuse(504, (), now)
        else:
            self._held = b""
            self._invite.respond(504, self._response(504, (), ""), now)
            self._step(ServerInput.LOSE)
            self._settle(now)
            self._finish(now)
        self._core.tell(Ended(self, 408, "No PRACK came"))

    @property
    def local_tag(self) -> str:
        """The To tag of its responses."""
        return self.dialog.local_tag

    def cancelled(self, now: float) -> None:
        """The caller's CANCEL came and is answered; too late where the call is."""
        if self.state in _WAITING:
            self._refuse(487, (_GAVE_UP,), now)
            self._core.tell(Cancelled(self))

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take an ACK: to our 2xx, or to one for a re-INVITE."""
        number = request.cseq.number
        if number == self.invite_cseq and self._answer is not None:
            self._acknowledge("" if self.offered else request.sdp, now)
        elif self._reoffer_in is not None and number == self._reoffer_in.cseq:
            self._reoffer_in.acknowledged(request, flow, now)

    def _acknowledge(self, sdp: str, now: float) -> None:
        after = self._step(ServerInput.ACK)
        self._settle(now)
        if after is ServerState.ENDED:
            self._finish(now, known=True)
            self._send_bye(self._farewell, now)
            return
        self.changed = True
        self._restart_timer(now)
        self._core.tell(Acknowledged(self, sdp))

    def _hung_up(self, reason: str, now: float) -> None:
        if self.state in _WAITING:
            self._refuse(487, (_GAVE_UP,), now)
            self._core.tell(Cancelled(self))
            return
        told = self.state is ServerState.ENDING
        self._step(ServerInput.BYE)
        self._settle(now)
        self._finish(now)
        if not told:
            self._core.tell(Ended(self, 200, reason))

    def _may_reoffer(self, now: float) -> int:
        """Refuse a re-INVITE that comes before our answer; take the ACK of our 2xx as lost where one follows it.

        RFC 5407 §3.1.4: where the offer was in our 2xx the lost ACK's answer is needed, so 491.
        """
        if self.state in _WAITING:
            return 500
        if self.state is not ServerState.ACCEPTED:
            return 0 if self.is_confirmed else 481
        if not self.offered:
            return 491
        self._acknowledge("", now)
        return 0

    # Ends

    def ack_missing(self, now: float) -> None:
        """No ACK came for a 2xx of ours."""
        if self.state is not ServerState.ENDING:
            self._settle(now)
            super().ack_missing(now)
            return
        self._step(ServerInput.LOSE)
        self._settle(now)
        self._finish(now, known=True)
        self._send_bye(self._farewell, now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is Kind.LIMIT:
            self._refuse(480, (), now)
            self._core.tell(Ended(self, 408, "Nobody answered for too long"))
            return
        self._repeat_ringing(now)

    def _refuse(self, status: int, headers: Iterable[Header], now: float) -> None:
        self._step(ServerInput.REFUSE)
        self._stop_waiting()
        self._stop_reliable()
        self._invite.respond(status, self._response(status, headers, ""), now)
        self._finish(now)
        self._forget_invite()

    def _lose(self) -> None:
        self._step(ServerInput.LOSE)

    def _settle(self, now: float) -> None:
        """The INVITE is over: nothing of it needs to be kept."""
        if self._answer is not None:
            self._answer.stop()
            self._answer = None
        self._stop_reliable()
        if self._held:  # it never left, and the INVITE wants its answer
            self._held = b""
            self._invite.respond(487, self._response(487, (), ""), now)
        self._forget_invite()

    # Over a restart

    def snapshot(self) -> SessionSnapshot:
        """Return what a restarted switch must know, and clear ``changed``."""
        self.changed = False
        transaction = self._transaction
        return snapshot_of(
            self,
            "server",
            branch="" if transaction is None else transaction.key[0],
            reply_flow=None if transaction is None else flow_values(transaction.flow),
            copied=self._copied,
            provisional=self._provisional,
            accepted=self._held if self._answer is None else self._answer.data,
            rseq=self._rseq,
            focus=self.focus,
        )

    def take_over(self, snapshot: SessionSnapshot, now: float, give_up_s: float) -> None:
        """Go on where a snapshot left a session: this one, made anew.

        A call that rings can be answered or cancelled, and its INVITE is known when it comes again; a 2xx without
        its ACK is sent again at once.
        """
        self.state = ServerState(snapshot.state)
        self.invite_cseq = snapshot.invite_cseq
        self.offered = snapshot.offered
        self.peer_allow = snapshot.allow
        self.peer_events = frozenset(snapshot.events)
        self.terms = Terms(snapshot.interval_s, snapshot.refresher)
        self._rseq = snapshot.rseq
        self.focus = snapshot.focus
        self.changed = False
        self._restart_timer(now)
        if self.state in _WAITING:
            if self.terms.refresher == "peer":  # it is not told so any more
                self.terms = NOTHING_AGREED
            self.watch(now)
            if snapshot.provisional:
                # Sent again: the process before may not have lived to send it.
                self.progress(snapshot.provisional, sdp=snapshot.early.decode(), now=now)
            else:
                self._invite.remember(self._response(100, (), ""))
        elif snapshot.accepted:
            self._answer = PendingAnswer(self._core, self._invite, snapshot.accepted, self, now, give_up_s)
