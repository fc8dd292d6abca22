"""The INVITE of a call that goes out: sent, sent again with what the callee asks for, cancelled, acknowledged."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from typing import Final

from softswitch.core.errors import LocalProtocolError, SipError
from softswitch.core.state_table import Word
from softswitch.sip.auth.client import authorize
from softswitch.sip.dialog.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.parse import parse_message
from softswitch.sip.transaction.invite_client import InviteClient
from softswitch.sip.transaction.invite_client import State as TransactionState
from softswitch.sip.transaction.oversize import over
from softswitch.sip.ua.client_states import TABLE, ClientInput, ClientState
from softswitch.sip.ua.core import SDP_HEADER, UaCore
from softswitch.sip.ua.early_dialogs import Branch, EarlyDialogs
from softswitch.sip.ua.order import OurCredentials
from softswitch.sip.ua.session import Session
from softswitch.sip.ua.session_timer import Terms
from softswitch.sip.ua.snapshot import SessionSnapshot, snapshot_of


class Kind(Word):
    """Its timers."""

    TIMER_C = "rings too long"
    CANCELLED = "no final response for 64*T1 after the CANCEL"
    UNACKNOWLEDGED = "no ACK from the owner for 64*T1"


OPEN: Final = frozenset({ClientState.CALLING, ClientState.EARLY})
CHALLENGES: Final = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
_SECRET: Final = frozenset({"Authorization", "Proxy-Authorization"})


class ClientInvite(Session):
    """What a call that went out does with its INVITE, whatever becomes of the call.

    Args:
        core: the user agent's common ground.
        owner: the name that its owner gave it.
        flow: where the peer is.
        dialog: the dialog to be.

    Attributes:
        state: where it stands.
    """

    owns_call_id = True

    def __init__(self, core: UaCore, owner: str, flow: Flow, dialog: Dialog) -> None:
        super().__init__(core, owner, flow, dialog)
        self.state = ClientState.CALLING
        self.invite_cseq = 0
        self.offered = False
        self._transaction: InviteClient | None = None
        self._ack_data = b""
        self._cancel: Request | None = None
        self._cancel_reason = ""
        self._told = False
        self._heard = 0.0
        self._early = EarlyDialogs(core, dialog, flow)
        self._sent: Request | None = None
        self._asked_for_more = False
        self._credentials: OurCredentials | None = None

    def _attach(self, request: Request, data: bytes, branch: str, now: float) -> InviteClient:
        made = self._core.layer.invite((branch, "INVITE"), request, data, self.flow, self, now)
        self._transaction = made
        self._sent = request
        return made

    def _send_again(self, headers: dict[str, str], now: float) -> None:
        """Send the INVITE anew, with the next CSeq number and these headers changed (RFC 4028 §7.3)."""
        request = self._sent
        assert request is not None  # noqa: S101 - it is kept until the final response that counts
        self.invite_cseq = self.dialog.next_cseq()
        branch = self._core.new_branch()
        changed = {"Via": self._core.via(self.flow, branch), "CSeq": f"{self.invite_cseq} INVITE", **headers}
        again = Request(request.method, request.uri, request.headers, request.body)
        for name, value in changed.items():
            again.set(name, value)
        self._early.begin_anew()
        self.changed = True
        self._attach(again, again.to_bytes(), branch, now).start(now)

    def _wait(self, now: float) -> None:
        """Start timer C; a provisional response only notes its time, the timer looks at that when it is due."""
        self._heard = now
        self._limit = self._core.queue.start(self, Kind.TIMER_C, self._core.timers.c_s, now)

    # What the transaction and the timers tell

    @abstractmethod
    def responded(self, response: Response, now: float) -> None:
        """The callee answered."""

    @abstractmethod
    def timed_out(self, now: float) -> None:
        """The callee does not answer."""

    @abstractmethod
    def unreachable(self, now: float) -> None:
        """The transport failed."""

    @abstractmethod
    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""

    def _answer_challenge(self, response: Response, now: float) -> bool:
        """Send the INVITE again with our credentials, once; tell whether it was (RFC 3261 §22.2, §22.3)."""
        credentials, request = self._credentials, self._sent
        if credentials is None or request is None or self.state not in OPEN:
            return False
        asks, answers = CHALLENGES[response.status]
        self._credentials = None  # a second challenge would only be refused again
        for challenge in response.get_all(asks):
            with suppress(SipError):
                cnonce = self._core.entropy.token(8)
                user, password = credentials.user, credentials.password
                value = authorize(challenge, user, password, "INVITE", request.uri, cnonce=cnonce)
                self._send_again({answers: value}, now)
                return True
        return False

    # Pieces

    @property
    def _invite(self) -> InviteClient:
        assert self._transaction is not None  # noqa: S101 - there is one until the call is settled
        return self._transaction

    def _prepare_cancel(self, headers: Iterable[Header]) -> None:
        """Build the CANCEL out of the INVITE (RFC 3261 §9.1), and let timer C rest."""
        invite = self._invite.request
        assert invite is not None  # noqa: S101 - it stays until the final response
        kept = {"Via", "Max-Forwards", "Route", "From", "To", "Call-ID"}
        fields = [pair for pair in invite.headers if pair[0] in kept]
        fields += (("CSeq", f"{self.invite_cseq} CANCEL"), self._core.user_agent, *headers)
        self._cancel = Request("CANCEL", invite.uri, fields)
        self._core.queue.stop(self._limit)

    def _send_cancel(self, now: float, give_up_s: float | None = None) -> None:
        """Send the CANCEL, once, if a provisional response has come, and wait 64*T1 for the final one, or so long."""
        if self._cancel is None or self._invite.state is not TransactionState.PROCEEDING:
            return
        data, self._cancel = self._cancel.to_bytes(), None
        key = (self._invite.key[0], "CANCEL")
        self._core.layer.request(key, data, self._invite.flow, None, now)
        wait_s = self._core.timers.give_up_s if give_up_s is None else give_up_s
        self._limit = self._core.queue.start(self, Kind.CANCELLED, wait_s, now)

    def _send_ack(self, sdp: str) -> None:
        headers = (SDP_HEADER,) if sdp else ()
        self._ack_data = self._ack(self.invite_cseq, headers, sdp.encode()).to_bytes()
        self._core.send(self.flow, self._ack_data)

    def _step(self, given: ClientInput) -> ClientState:
        self.state = TABLE.step(self.state, given)
        return self.state

    # Over a restart

    def snapshot(self) -> SessionSnapshot:
        """Return what a restarted switch must know, and clear ``changed``."""
        self.changed = False
        pending = self._transaction is not None and self._transaction.live
        return snapshot_of(
            self,
            "client",
            invite=_without_secrets(self._invite) if pending else b"",
            cancel_reason=self._cancel_reason if pending else "",
            early_dialog=self._early.latest or () if pending else (),
        )

    def take_over(self, snapshot: SessionSnapshot, now: float, give_up_s: float) -> None:
        """Go on where a snapshot left a session: this one, made anew.

        A pending INVITE is sent again, so that the callee repeats its last response, unless the snapshot says that it
        has answered provisionally: then its final response will come by itself.
        """
        self.state = ClientState(snapshot.state)
        self.invite_cseq = snapshot.invite_cseq
        self.offered = snapshot.offered
        self.peer_allow = snapshot.allow
        self.peer_events = frozenset(snapshot.events)
        self.terms = Terms(snapshot.interval_s, snapshot.refresher)
        self.changed = False
        self._restart_timer(now)
        if snapshot.early_dialog:
            self._early.restore(Branch(*snapshot.early_dialog))
        if snapshot.invite:
            self._resume_invite(snapshot, now, give_up_s)
        elif self.state is ClientState.ANSWERED:
            self._limit = self._core.queue.start(self, Kind.UNACKNOWLEDGED, give_up_s, now)

    def _resume_invite(self, snapshot: SessionSnapshot, now: float, give_up_s: float) -> None:
        data = over(snapshot.invite, self.flow)
        request = parse_message(data)
        if not isinstance(request, Request):
            raise LocalProtocolError("a snapshot's INVITE is a response")
        transaction = self._attach(request, data, request.via.branch, now)
        cancelled = self.state is ClientState.CANCELLING
        transaction.resume(now, give_up_s, answered=cancelled or snapshot.provisional > 0)
        if snapshot.provisional and self.state is ClientState.CALLING:
            self._step(ClientInput.PROVISIONAL)
        self._wait(now)
        if cancelled:
            self._prepare_cancel((("Reason", snapshot.cancel_reason),) if snapshot.cancel_reason else ())
            self._send_cancel(now, give_up_s)


def _without_secrets(transaction: InviteClient) -> bytes:
    request = transaction.request
    if request is None or not any(name in _SECRET for name, _ in request.headers):
        return transaction.data
    kept = [pair for pair in request.headers if pair[0] not in _SECRET]
    return Request(request.method, request.uri, kept, request.body).to_bytes()
