"""The user agent: octets and the time go in, actions come out (RFC 3261 §8, §9, §12.2.2).

It finds the transaction or the session that a message belongs to, and refuses by itself what no owner has to decide
on. Nothing that a peer sends makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from softswitch.core.alarm import Alarm
from softswitch.core.errors import SipError
from softswitch.core.ids import Entropy
from softswitch.sip.call_id import call_id_in
from softswitch.sip.check import check_request, check_response
from softswitch.sip.dialog.dialog import target_of
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response, response_to
from softswitch.sip.parse import parse_message
from softswitch.sip.timers import Timers
from softswitch.sip.transaction.base import Key
from softswitch.sip.transaction.layer import ServerTransaction
from softswitch.sip.transaction.matching import note_source, reply_flow, server_branch
from softswitch.sip.transaction.non_invite_client import NonInviteClient
from softswitch.sip.ua.actions import Action, Dropped, RequestArrived
from softswitch.sip.ua.begun_invite import BegunInvite
from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.core import ALLOW, UaCore
from softswitch.sip.ua.dialog_snapshot import dialog_of, flow_of
from softswitch.sip.ua.malformed import refuse_malformed
from softswitch.sip.ua.order import InviteOrder
from softswitch.sip.ua.party import Party
from softswitch.sip.ua.sent_request import send_request
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.snapshot import SessionSnapshot
from softswitch.sip.ua.subscription import Duration, Subscription
from softswitch.sip.ua.subscription_snapshot import SubscriptionSnapshot
from softswitch.sip.ua.unfit import unfit

__all__ = ["ALLOW", "Counts", "Session", "UserAgent"]

Session = ServerSession | ClientSession
"""A call with one peer, from either side."""

_PING: Final = b"\r\n\r\n"
_PONG: Final = b"\r\n"
_NO_HOPS_NEEDED: Final = frozenset({"OPTIONS", "REGISTER"})
"""Methods that are for us even without hops left (RFC 3261 §10.3, §11)."""
_RESUMED_WAIT: Final = 8
"""In T1: what is sent again after a restart gets at least so long, which is four transmissions."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What is alive in a user agent."""

    dialogs: int
    """Sessions that are not over."""
    transactions: int
    """Those that can still change a call, not those that only absorb retransmissions."""
    timers: int
    """Those of sessions and of such transactions."""


class UserAgent:
    """The SIP side of a switch, without I/O.

    Args:
        entropy: where tags, branches and Call-IDs come from.
        address_of: host and port to be written into Via and Contact towards a flow's peer.
        timers: the base values of all timers.
        product: what User-Agent and Server say.
        datagram_octets: larger requests go by streams where the peer takes them (RFC 3261 §18.1.1); 0: none do.
        send: takes what is to be sent; without it that is among the actions.
        alarm: is told when a timer is due; without it :meth:`next_deadline` has to be asked.
    """

    def __init__(
        self,
        *,
        entropy: Entropy,
        address_of: Callable[[Flow], tuple[str, int]],
        timers: Timers | None = None,
        product: str = "softswitch",
        datagram_octets: int = 0,
        send: Callable[[Flow, bytes], None] | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self._core = UaCore(entropy, address_of, timers or Timers(), product, datagram_octets, send, alarm)

    # What the driver does

    def receive(self, data: bytes, flow: Flow, *, now: float) -> None:
        """Take one datagram, or one message of a stream."""
        if data.startswith(b"\r\n"):
            data = self._skip_blank(data, flow)
            if not data:
                return
        try:
            message = parse_message(data)
            if isinstance(message, Response):
                check_response(message)
                self._receive_response(message, flow, now)
            else:
                check_request(message)
                self._receive_request(message, flow, now)
        except SipError as error:
            self._refuse_malformed(data, flow, error)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._core.queue.fire(now)

    def next_deadline(self) -> float | None:
        """Return when :meth:`handle_timer` wants to be called, or None."""
        return self._core.queue.next_deadline()

    def actions(self) -> list[Action]:
        """Return what is to be done since the last call, in its order."""
        told, self._core.told = self._core.told, []
        return told

    def flow_failed(self, flow: Flow, *, now: float) -> None:
        """A stream was closed, or sending failed: whoever waits for a response there need not."""
        self._core.layer.flow_failed(flow, now)

    def phone_moved(self, old: Flow, new: Flow, *, now: float) -> None:
        """A phone has come back another way: it hears of the ends of calls that it has missed."""
        self._core.stranded.moved(old, new, now)

    def counts(self) -> Counts:
        """Count what is alive."""
        return Counts(self._core.dialogs, self._core.layer.live, self._core.queue.live)

    def live_sessions(self) -> list[Session]:
        """Return the sessions that are neither over nor about to be."""
        found = self._core.sessions.values()
        return [one for one in found if isinstance(one, ServerSession | ClientSession) and not one.is_winding_down]

    def stop_stray_timers(self) -> list[str]:
        """Stop the timers of sessions that are over; return whose they were."""
        stray = []
        for timer in self._core.queue.counted():
            owner = timer.owner
            if isinstance(owner, ServerSession | ClientSession) and owner.is_over:
                stray.append(f"{owner.owner}: {timer.kind.value}")
                self._core.queue.stop(timer)
        return stray

    # What owners do

    def new_tag(self) -> str:
        """Draw a tag, for a response that the owner builds."""
        return self._core.new_tag()

    def reply(
        self,
        request: Request,
        flow: Flow,
        status: int,
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        to_tag: str = "",
    ) -> None:
        """Answer a request finally and statelessly; every retransmission of it gets the same To tag."""
        self._core.reply(request, flow, status, headers, body, to_tag)

    def response_to(self, request: Request, status: int, headers: Iterable[Header] = ()) -> Response:
        """Build a response with a new To tag, for :meth:`respond`."""
        return response_to(request, status, to_tag=self._core.new_tag(), headers=(self._core.server, *headers))

    def answer(self, request: Request, flow: Flow, status: int, *, headers: Iterable[Header] = (), now: float) -> None:
        """Answer a request other than INVITE finally and at once, absorbing its retransmissions."""
        self._core.answer(request, (server_branch(request), request.method), flow, status, now, headers)

    def begin(self, request: Request, flow: Flow, *, now: float) -> ServerTransaction:
        """Begin a server transaction; one that :meth:`respond` does not end within 64*T1 ends by itself."""
        key = (server_branch(request), request.method)
        towards = reply_flow(request, flow)
        if request.method != "INVITE":
            return self._core.layer.serve(key, towards, now)
        transaction = self._core.layer.serve_invite(key, towards, None)
        BegunInvite(self._core, request, transaction, now)
        return transaction

    def respond(self, transaction: ServerTransaction, response: Response, *, now: float) -> None:
        """Send a response by its transaction.

        Raises:
            LocalProtocolError: it is answered already.
        """
        transaction.respond(response.status, response.to_bytes(), now)

    def accept_invite(self, request: Request, flow: Flow, *, owner: str, now: float) -> ServerSession:
        """Begin a session for an INVITE that :class:`RequestArrived` told of; 100 is sent at once."""
        return ServerSession.arrived(self._core, request, flow, owner, now)

    def invite(self, order: InviteOrder, *, owner: str, now: float) -> ClientSession:
        """Call a phone."""
        return ClientSession.ordered(self._core, order, owner, now)

    def accept_subscribe(
        self,
        request: Request,
        flow: Flow,
        *,
        owner: str,
        duration: Duration,
        headers: tuple[Header, ...] = (),
        now: float,
    ) -> Subscription:
        """Begin a subscription for a SUBSCRIBE or REFER that :class:`RequestArrived` told of, and answer it at once.

        Args:
            request: it.
            flow: where it came from.
            owner: the name that the owner gives it.
            duration: how long it may last.
            headers: of every answer to SUBSCRIBE and every NOTIFY.
            now: monotonic seconds.

        Raises:
            SipError: it has no usable Contact, or is too brief; nothing has happened.
        """
        key = (server_branch(request), request.method)
        return Subscription.arrived(self._core, request, key, flow, owner, duration, headers, now)

    def restore_subscription(
        self,
        snapshot: SubscriptionSnapshot,
        *,
        owner: str,
        duration: Duration,
        headers: tuple[Header, ...] = (),
        left_s: float,
        now: float,
    ) -> Subscription:
        """Go on with a subscription of a former process, which has ``left_s`` left."""
        return Subscription.restored(self._core, owner, snapshot, duration, headers, left_s, now)

    def request(
        self, request: Request, flow: Flow, *, owner: str, now: float, contact: bool = False
    ) -> NonInviteClient:
        """Send a request outside any dialog; ``Responded`` follows.

        Via is put before its headers; Max-Forwards, Call-ID, CSeq, the From tag and User-Agent are added where it has
        none; and our Contact, where ``contact`` says so.

        Raises:
            LocalProtocolError: it is an INVITE or an ACK.
        """
        if contact:
            request.add(*self._core.contact(flow))
        return send_request(self._core, request, flow, owner, now)

    def restore(self, snapshot: SessionSnapshot, *, owner: str, now: float, age_s: float = 0.0) -> Session:
        """Go on with a session of a former process.

        Args:
            snapshot: what that process left.
            owner: the name that its owner gave it.
            now: monotonic seconds.
            age_s: how long ago the snapshot was taken; what has waited for an answer since then waits so much less,
                but long enough for what is sent again now to be answered.
        """
        dialog, flow = dialog_of(snapshot), flow_of(snapshot.flow)
        session: Session
        if snapshot.role == "server":
            session = ServerSession.restored(self._core, owner, flow, dialog, snapshot)
        else:
            session = ClientSession(self._core, owner, flow, dialog)
        timers = self._core.timers
        session.take_over(snapshot, now, max(timers.give_up_s - age_s, _RESUMED_WAIT * timers.t1_s))
        return session

    def session_of(self, sip_call_id: str, to_tag: str, from_tag: str) -> Party | None:
        """Return the session of the dialog that a Replaces header names (RFC 3891 §3), or None.

        A phone that refers to a dialog of its own may name the tags from its own side.
        """
        for local, remote in ((to_tag, from_tag), (from_tag, to_tag)):
            found = self._core.sessions.get((sip_call_id, local))
            if found is not None and not found.is_over and found.dialog.remote_tag in {"", remote}:
                return found
        return None

    def remember_ended(self, sip_call_id: str, local_tag: str, *, now: float) -> None:
        """Answer the BYE of a dialog with 200 when it comes again: its peer ended it towards a former process."""
        self._core.ended.add(sip_call_id, local_tag, now)

    # What peers send

    def _skip_blank(self, data: bytes, flow: Flow) -> bytes:
        """Answer a keep-alive (RFC 5626 §3.5.1); return what follows blank lines (RFC 3261 §7.5)."""
        rest = data.lstrip(b"\r\n")
        if not rest and data.startswith(_PING):
            self._core.send(flow, _PONG)
        return rest

    def _refuse_malformed(self, data: bytes, flow: Flow, error: SipError) -> None:
        answered = refuse_malformed(self._core, data, flow, error.status_hint)
        told = f", answered with {error.status_hint}" if answered else ""
        self._core.tell(Dropped(flow, f"{error}{told}", call_id_in(data)))

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        if self._core.layer.receive(response, now):
            return
        if response.cseq.method == "INVITE" and 200 <= response.status < 300:
            session = self._core.sessions.get((response.call_id, response.from_.tag or ""))
            if session is not None:
                session.receive_stray(response, now)
                return
        self._core.tell(Dropped(flow, f"a stray response: {response.start_line()}", response.call_id))

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        branch = server_branch(request)
        method = request.method
        key = (branch, "INVITE" if method == "ACK" else method)
        if self._core.layer.absorb(request, key, flow, now):
            return
        note_source(request, flow)
        if method == "CANCEL":
            self._cancel(request, key, flow, now)
        elif request.to.tag is not None and method != "REGISTER":
            self._within_dialog(request, key, flow, now)
        elif method != "ACK":
            self._outside_dialogs(request, flow)

    def _cancel(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a CANCEL (RFC 3261 §9.2): 200 to it, 487 to what it cancels."""
        core = self._core
        transaction = core.layer.invite_of(key[0])
        if transaction is None:
            core.reply(request, flow, 481)
            return
        user = transaction.user
        if flow.reliable:  # the connection of the INVITE may be gone, and its caller waits here for the 487
            transaction.flow = flow
        tag = user.local_tag if user is not None else ""
        core.layer.answer(key, reply_flow(request, flow), core.response_of(request, 200, to_tag=tag), now)
        if user is not None:
            user.cancelled(now)

    def _within_dialog(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Hand a request to the session whose dialog it names; ACK and BYE may come before we know the peer's tag."""
        core = self._core
        place = (request.call_id, request.to.tag or "")
        session = core.sessions.get(place) or core.subscriptions.get(place)
        known = session is not None and session.dialog.remote_tag in {"", request.from_.tag or ""}
        if request.method == "ACK":
            if session is not None and known:
                session.receive(request, key, flow, now)
        elif session is None or not known:
            ended = request.method == "BYE" and core.ended.holds(request.call_id, request.to.tag or "", now)
            core.reply(request, flow, 200 if ended else 481)
        else:
            status, headers = unfit(request)
            if status:
                core.answer(request, key, flow, status, now, headers)
            else:
                session.receive(request, key, flow, now)

    def _outside_dialogs(self, request: Request, flow: Flow) -> None:
        status, headers = self._refusal(request)
        if status:
            self._core.reply(request, flow, status, headers)
        else:
            self._core.tell(RequestArrived(request, flow))

    def _refusal(self, request: Request) -> tuple[int, tuple[Header, ...]]:
        """Return status and headers for what no owner has to decide on; 0 where one has."""
        if request.max_forwards == 0 and request.method not in _NO_HOPS_NEEDED:
            return 483, ()
        status, headers = unfit(request)
        if status or request.method != "INVITE":
            return status, headers
        merge_key = (request.call_id, request.from_.tag or "", request.cseq.number)
        if self._core.layer.is_merged(merge_key):
            return 482, ()
        return (400, ()) if target_of(request) is None else (0, ())
