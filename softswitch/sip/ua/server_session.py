"""A call that came in: the UAS's side of an INVITE and of the session that it makes (RFC 3261 §13.3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.core.state_table import Word
from softswitch.sip.dialog.dialog import Dialog, target_of
from softswitch.sip.dialog.route import callee_routes
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.invite_server import InviteServer
from softswitch.sip.transaction.matching import reply_flow, server_key
from softswitch.sip.ua.actions import Acknowledged, Cancelled, Ended
from softswitch.sip.ua.compose import copied_text, response_octets
from softswitch.sip.ua.core import ALLOW_HEADER, SDP_HEADER, UaCore
from softswitch.sip.ua.pending_answer import PendingAnswer
from softswitch.sip.ua.server_states import TABLE, ServerInput, ServerState
from softswitch.sip.ua.session import Session
from softswitch.sip.ua.snapshot import SessionSnapshot, flow_of, flow_values


class Kind(Word):
    """Its timers."""

    REFRESH = "a minute since the last provisional response"
    LIMIT = "unanswered for too long"


_REFRESH_S: Final = 60.0
"""Proxies give up on a transaction of which they hear nothing for three minutes (RFC 3261 §13.3.1.1)."""
_GAVE_UP: Final[Header] = ("Reason", 'Q.850;cause=16;text="Normal call clearing"')
"""What a 487 says to the caller that asked for it (RFC 6432)."""
_WAITING: Final = frozenset({ServerState.RECEIVED, ServerState.EARLY})


class ServerSession(Session):
    """One call that came in. Made by ``UserAgent.accept_invite`` and ``UserAgent.restore``.

    Args:
        core: the user agent's common ground.
        owner: the name that its owner gave it.
        flow: where the peer is.
        dialog: the dialog to be.
        transaction: the INVITE's transaction; None for a session that is restored without one.
        copied: the header lines that its responses copy from the INVITE.

    Attributes:
        state: where it stands.
    """

    owns_call_id = False

    def __init__(
        self,
        core: UaCore,
        owner: str,
        flow: Flow,
        dialog: Dialog,
        transaction: InviteServer | None,
        copied: str,
    ) -> None:
        super().__init__(core, owner, flow, dialog)
        self.state = ServerState.RECEIVED
        self.invite_cseq = dialog.remote_cseq
        self.offered = False
        self._transaction = transaction
        self._copied = copied
        self._provisional = 0
        self._provisional_data = b""
        self._refresh: Timer | None = None
        self._answer: PendingAnswer | None = None
        self._farewell: tuple[Header, ...] = ()

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

    def _begin(self, request: Request, now: float) -> None:
        stamp = request.get("Timestamp")
        headers = (self._core.server,) if stamp is None else (("Timestamp", stamp), self._core.server)
        self._invite.respond(100, response_octets(100, copied_text(request, ""), headers), now)
        self.watch(now)

    def watch(self, now: float) -> None:
        """Start the limit of a call that waits for its owner's answer."""
        self._limit = self._core.queue.start(self, Kind.LIMIT, self._core.timers.unanswered_s, now)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or will as soon as the ACK is there."""
        return self.state is ServerState.ENDED

    @property
    def is_confirmed(self) -> bool:
        """Whether 2xx and ACK have passed and nobody has hung up."""
        return self.state is ServerState.CONFIRMED

    # Commands of the owner

    def progress(self, status: int, *, sdp: str = "", headers: Iterable[Header] = (), now: float) -> None:
        """Tell the caller how it goes: 180, or 183 with early media.

        Raises:
            LocalProtocolError: the call is answered.
        """
        if self._is_closed():
            return
        self._step(ServerInput.PROVISIONAL)
        self._provisional = status
        self._provisional_data = self._response(status, headers, sdp)
        self._invite.respond(status, self._provisional_data, now)
        self._core.queue.stop(self._refresh)
        self._refresh = self._core.queue.start(self, Kind.REFRESH, _REFRESH_S, now)

    def accept(self, sdp: str, *, headers: Iterable[Header] = (), now: float) -> None:
        """Take the call: 200 with ``sdp``, repeated until its ACK comes.

        Raises:
            LocalProtocolError: the call is answered already.
        """
        if self._is_closed():
            return
        self._step(ServerInput.ACCEPT)
        self._stop_waiting()
        data = self._response(200, headers, sdp)
        self._answer = PendingAnswer(self._core, self._invite, data, self, now)
        self.changed = True

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
        self._settle()
        if after is ServerState.ENDED:
            self._finish(now, known=True)
            self._send_bye(self._farewell, now)
            return
        self.changed = True
        self._core.tell(Acknowledged(self, sdp))

    def _hung_up(self, reason: str, now: float) -> None:
        if self.state in _WAITING:
            self._refuse(487, (_GAVE_UP,), now)
            self._core.tell(Cancelled(self))
            return
        told = self.state is ServerState.ENDING
        self._step(ServerInput.BYE)
        self._settle()
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
            self._settle()
            super().ack_missing(now)
            return
        self._step(ServerInput.LOSE)
        self._settle()
        self._finish(now, known=True)
        self._send_bye(self._farewell, now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is Kind.LIMIT:
            self._refuse(480, (), now)
            self._core.tell(Ended(self, 408, "Nobody answered for too long"))
            return
        self._invite.respond(self._provisional, self._provisional_data, now)
        self._refresh = self._core.queue.start(self, Kind.REFRESH, _REFRESH_S, now)

    def _refuse(self, status: int, headers: Iterable[Header], now: float) -> None:
        self._step(ServerInput.REFUSE)
        self._stop_waiting()
        self._invite.respond(status, self._response(status, headers, ""), now)
        self._finish(now)
        self._forget_invite()

    def _lose(self) -> None:
        self._step(ServerInput.LOSE)

    # Pieces

    @property
    def _invite(self) -> InviteServer:
        assert self._transaction is not None  # noqa: S101 - there is one until the call is settled
        return self._transaction

    def _is_closed(self) -> bool:
        return self.state is ServerState.ENDED or self.state is ServerState.ENDING

    def _stop_waiting(self) -> None:
        self._core.queue.stop(self._limit)
        self._core.queue.stop(self._refresh)
        self._provisional_data = b""

    def _settle(self) -> None:
        """The INVITE is over: nothing of it needs to be kept."""
        if self._answer is not None:
            self._answer.stop()
            self._answer = None
        self._forget_invite()

    def _forget_invite(self) -> None:
        if self._transaction is not None:
            self._transaction.user = None
        self._transaction = None
        self._copied = ""

    def _response(self, status: int, headers: Iterable[Header], sdp: str) -> bytes:
        fields = [self._core.server]
        if status < 300:
            fields += (self._core.contact(self.flow), ALLOW_HEADER)
        fields += headers
        if sdp:
            fields.append(SDP_HEADER)
        return response_octets(status, self._copied, fields, sdp.encode())

    def _step(self, given: ServerInput) -> ServerState:
        self.state = TABLE.step(self.state, given)
        return self.state

    # Over a restart

    def snapshot(self) -> SessionSnapshot:
        """Return what a restarted switch must know, and clear ``changed``."""
        self.changed = False
        dialog, transaction = self.dialog, self._transaction
        return SessionSnapshot(
            role="server",
            state=self.state.value,
            flow=flow_values(self.flow),
            sip_call_id=dialog.sip_call_id,
            local_tag=dialog.local_tag,
            remote_tag=dialog.remote_tag,
            local=dialog.local,
            remote=dialog.remote,
            target=dialog.target,
            routes=dialog.routes,
            local_cseq=dialog.local_cseq,
            remote_cseq=dialog.remote_cseq,
            invite_cseq=self.invite_cseq,
            branch="" if transaction is None else transaction.key[0],
            reply_flow=None if transaction is None else flow_values(transaction.flow),
            copied=self._copied,
            provisional=self._provisional,
            offered=self.offered,
            accepted=b"" if self._answer is None else self._answer.data,
        )

    def take_over(self, snapshot: SessionSnapshot, now: float, give_up_s: float) -> None:
        """Go on where a snapshot left a session: this one, made anew.

        A call that rings can be answered or cancelled, and its INVITE is known when it comes again; a 2xx without
        its ACK is sent again at once.
        """
        self.state = ServerState(snapshot.state)
        self.invite_cseq = snapshot.invite_cseq
        self.offered = snapshot.offered
        self.changed = False
        if self.state in _WAITING:
            self.watch(now)
            if snapshot.provisional:
                # Sent again: the process before may not have lived to send it.
                self.progress(snapshot.provisional, sdp=snapshot.early.decode(), now=now)
            else:
                self._invite.remember(self._response(100, (), ""))
        elif snapshot.accepted:
            self._answer = PendingAnswer(self._core, self._invite, snapshot.accepted, self, now, give_up_s)
