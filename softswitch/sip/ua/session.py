"""What both kinds of sessions can do once there is a dialog: hang up, change it, answer the peer's requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Final

from softswitch.sip.dialog.dialog import Dialog, target_of
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import Key
from softswitch.sip.ua.actions import AckMissing, Ended, InfoArrived, RefreshDue, Reoffered
from softswitch.sip.ua.bye import send_bye
from softswitch.sip.ua.core import ACCEPT_HEADER, ALLOW_HEADER, UaCore
from softswitch.sip.ua.options import send_options
from softswitch.sip.ua.pressed_keys import TALK
from softswitch.sip.ua.refer_in import ReferIn
from softswitch.sip.ua.reoffer_in import ReofferIn
from softswitch.sip.ua.reoffer_in import State as ReofferState
from softswitch.sip.ua.reoffer_out import ReofferOut
from softswitch.sip.ua.session_timer import (
    NOTHING_AGREED,
    SessionTimer,
    Terms,
    headers_for_answer,
    headers_for_request,
    least_interval_s,
    terms_answered,
    terms_asked,
)
from softswitch.sip.ua.snapshot import SessionSnapshot
from softswitch.sip.ua.unfit import refuse_method
from softswitch.sip.ua.update_in import UpdateIn
from softswitch.sip.ua.update_out import send_update
from softswitch.sip.ua.within import send_within


class Session(ABC):
    """One call with one peer, from INVITE to BYE.

    Once it is over every command does nothing: its owner may not have heard of that yet.

    Args:
        core: the user agent's common ground.
        owner: the name that its owner gave it.
        flow: where the peer is.
        dialog: its dialog, confirmed or yet to be.

    Attributes:
        owner: as given.
        flow: where requests to the peer go: the source of its last request.
        changed: whether the snapshot differs from the last one taken.
        peer_allow: the peer's Allow header; empty where it sent none yet.
        peer_events: the events that the peer's Allow-Events named last (RFC 6665 §8.2.2).
        terms: what was agreed about the session timer.
        focus: the user part of the URI of the conference that the peer has called; empty where it is none.
    """

    owns_call_id: bool
    """Whether the Call-ID is ours, which decides who waits longer after a glare (RFC 3261 §14.1)."""

    def __init__(self, core: UaCore, owner: str, flow: Flow, dialog: Dialog) -> None:
        self._core = core
        self.owner = owner
        self.flow = flow
        self.dialog = dialog
        self.changed = True
        self.peer_allow = ""
        self.peer_events: frozenset[str] = frozenset()
        self.terms = NOTHING_AGREED
        self.focus = ""
        self._session_timer: SessionTimer | None = None
        self._refer_in = ReferIn(core)
        self._reoffer_in: ReofferIn | UpdateIn | None = None
        self._reoffer_out: ReofferOut | None = None
        self._limit: Timer | None = None
        core.sessions[dialog.sip_call_id, dialog.local_tag] = self
        core.dialogs += 1

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of its dialog."""
        return self.dialog.sip_call_id

    @property
    @abstractmethod
    def is_over(self) -> bool:
        """Whether it has ended."""

    @property
    @abstractmethod
    def is_confirmed(self) -> bool:
        """Whether 2xx and ACK have passed and nobody has hung up."""

    @abstractmethod
    def snapshot(self) -> SessionSnapshot:
        """Return what a restarted switch must know, and clear ``changed``."""

    # Commands of the owner

    @abstractmethod
    def bye(self, *, headers: Iterable[Header] = (), now: float) -> None:
        """Hang up an answered call."""

    def reinvite(self, sdp: str, *, now: float) -> None:
        """Offer the peer another description; ``ReofferAnswered`` or ``ReofferRefused`` follows.

        While another INVITE of either side is under way it counts as refused with 491, as after a glare.
        """
        if self.is_over:
            return
        held_up = not self.is_confirmed or self._reoffer_is_pending()
        if self._reoffer_out is not None:
            if self._reoffer_out.pending:
                return  # its answer comes, and what differs is offered then
            self._reoffer_out.stop()
        self._reoffer_out = ReofferOut(self._core, self, sdp, headers_for_request(self.terms), now, held_up=held_up)

    def update(self, *, headers: Iterable[Header] = (), now: float) -> bool:
        """Send an UPDATE without a description, which refreshes the session.

        Args:
            headers: further headers, e.g. who is connected now.
            now: monotonic seconds.

        Returns:
            Whether the peer knows UPDATE; else nothing was sent.
        """
        if not self.is_confirmed or "UPDATE" not in self.peer_allow:
            return False
        send_update(self._core, self, (*headers_for_request(self.terms), *headers), now)
        return True

    def answer_refer(self, status: int, *, headers: tuple[Header, ...] = (), now: float) -> None:
        """Answer the peer's REFER; nothing happens where none waits."""
        self._refer_in.answer(status, self.focus, headers, now)

    def notify(self, headers: tuple[Header, ...], body: bytes = b"", *, now: float) -> None:
        """Send a NOTIFY within the dialog: about a REFER, or to press a key of the phone.

        It may follow our BYE: a REFER's subscription shares the dialog and outlives the call (RFC 5057 §3.1).
        """
        send_within(self._core, self, "NOTIFY", headers, body, now, vital=not self.is_over)

    def press_talk(self, *, now: float) -> None:
        """Ask the phone to take the call, or off hold, as if its owner had pressed the key (``Event: talk``)."""
        self.notify(TALK, now=now)

    def info(self, headers: Iterable[Header], body: bytes = b"", *, now: float) -> bool:
        """Send an INFO within the dialog, unless the peer's Allow says that it knows none; tell whether it was sent."""
        if not self.is_confirmed or (self.peer_allow and "INFO" not in self.peer_allow):
            return False
        send_within(self._core, self, "INFO", headers, body, now)
        return True

    def accept_reoffer(self, sdp: str, *, now: float) -> None:
        """Answer the peer's re-INVITE with 200; nothing happens where none waits (it may have been cancelled)."""
        if self._reoffer_in is not None and self._reoffer_in.state is ReofferState.OFFERED:
            self._reoffer_in.accept(sdp, now)

    def refuse_reoffer(self, status: int, *, headers: Iterable[Header] = (), now: float) -> None:
        """Refuse the peer's re-INVITE; nothing happens where none waits (it may have been cancelled)."""
        if self._reoffer_in is not None and self._reoffer_in.state is ReofferState.OFFERED:
            self._reoffer_in.refuse(status, headers, now)

    def options(self, *, now: float) -> None:
        """Ask the peer for a sign of life; ``Ended`` follows where there is none."""
        if self.is_confirmed:
            send_options(self._core, self, now)

    def glare_delay_s(self) -> float:
        """Draw how long to wait after a 491 before the next try (RFC 3261 §14.1)."""
        share = self._core.entropy.number(16) / 65536
        return 2.1 + 1.9 * share if self.owns_call_id else 2.0 * share

    def move_to(self, flow: Flow) -> None:
        """Send further requests another way: the phone has registered from there."""
        if flow != self.flow:
            self.flow = flow
            self.changed = True

    def note_events(self, message: Request | Response) -> None:
        """Note which events the peer names, where it does."""
        named = frozenset(name.strip().lower() for name in message.get_list("Allow-Events"))
        if named and named != self.peer_events:
            self.peer_events, self.changed = named, True

    # What the peer sends

    def receive(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a request of the peer within the dialog, whose retransmissions are absorbed already."""
        method = request.method
        if method == "ACK":
            self.move_to(flow)
            self.acknowledged(request, flow, now)
        elif self.is_over:
            self._core.answer(request, key, flow, 200 if method == "BYE" else 481, now)
        elif not self.dialog.in_order(request):
            self._core.answer(request, key, flow, 500, now)
        else:
            self.move_to(flow)
            _HANDLERS.get(method, _refuse)(self, request, key, flow, now)

    @abstractmethod
    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """Take an ACK: to our 2xx, or to one for a re-INVITE."""

    @abstractmethod
    def _hung_up(self, reason: str, now: float) -> None:
        """The peer's BYE came and is answered."""

    @abstractmethod
    def _may_reoffer(self, now: float) -> int:
        """Return 0 where a re-INVITE of the peer can be taken, else the status that refuses it."""

    def _receive_prack(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Refuse a PRACK of nothing (RFC 3262 §3)."""
        self._core.answer(request, key, flow, 481, now)

    def _receive_update(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take an UPDATE: with an offer as a re-INVITE would be, without one as a sign of life (RFC 3311 §5.2)."""
        if not request.sdp:
            self._refreshed_by(request)
            extra = (self._core.contact(flow, self.focus), ALLOW_HEADER, *headers_for_answer(self.terms, request))
            self._core.answer(request, key, flow, 200, now, extra)
            self._restart_timer(now)
            return
        status = 0 if self.is_confirmed else 500
        status = self._reoffer_status(status)
        if status:
            self._core.answer(request, key, flow, status, now, self._try_again(status))
            return
        terms = terms_asked(request)
        self._reoffer_in = UpdateIn(self._core, self, request, key, flow, headers_for_answer(terms, request))
        self._refreshed_by(request, retarget=False)
        self._restart_timer(now)
        self._core.tell(Reoffered(self, request.sdp))

    def _receive_refer(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        self._refer_in.take(self, request, key, flow, now, fits=self.is_confirmed)

    def _refreshed_by(self, request: Request, *, retarget: bool = True) -> None:
        """Take over what a request of the peer's says of the session timer and of the peer."""
        self.terms = terms_asked(request)
        self.peer_allow = request.get("Allow") or self.peer_allow
        self.note_events(request)
        target = target_of(request) if retarget else None
        if target is not None:
            self.dialog.target = target
        self.changed = True

    def refreshed(self, response: Response, now: float) -> None:
        """The peer took an UPDATE or a re-INVITE of ours."""
        self.peer_allow = response.get("Allow") or self.peer_allow
        self.terms = terms_answered(response)
        self._restart_timer(now)

    def glare_is_over(self) -> None:
        """The wait after a 491 is over: a re-INVITE that was to refresh the session is wanted once more."""
        if self._session_timer is not None and self._session_timer.awaits_refresh:
            self._core.tell(RefreshDue(self))

    def not_refreshed(self, response: Response, now: float) -> None:
        """The peer refused an UPDATE of ours (RFC 4028 §7.4): a greater interval, another method, or later."""
        if self._session_timer is None:
            return
        least = least_interval_s(response)
        if least > self.terms.interval_s:
            self.terms = Terms(least, "us")
            self.update(now=now)
        elif response.status in {405, 501, 420}:
            self.peer_allow = self.peer_allow.replace("UPDATE", "")
            self._core.tell(RefreshDue(self))
        else:
            self._session_timer.postpone(now)

    def _restart_timer(self, now: float) -> None:
        """The session is confirmed, or was refreshed."""
        if self._session_timer is not None:
            self._session_timer.restart(self.terms, now)
        elif self.is_confirmed:
            self._session_timer = SessionTimer(self._core, self, self.terms, now)

    def _receive_bye(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        self._core.answer(request, key, flow, 200, now)
        self._hung_up(request.get("Reason") or "", now)

    def _receive_info(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        self._core.answer(request, key, flow, 200, now)
        self._core.tell(InfoArrived(self, request.content_type, request.body))

    def _receive_options(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        headers = (self._core.contact(flow, self.focus), ALLOW_HEADER, ACCEPT_HEADER)
        self._core.answer(request, key, flow, 200, now, headers)

    def _receive_reinvite(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a re-INVITE, unless ours is under way (491) or the last one is not answered (500; §14.2)."""
        status = self._reoffer_status(self._may_reoffer(now))
        if status:
            self._core.answer(request, key, flow, status, now, self._try_again(status))
            return
        if self._reoffer_in is not None:
            self._reoffer_in.stop(now)
        terms = terms_asked(request)
        self._reoffer_in = ReofferIn(self._core, self, request, key, flow, headers_for_answer(terms, request), now)
        self._refreshed_by(request, retarget=False)
        self._restart_timer(now)
        self._core.tell(Reoffered(self, request.sdp))

    def _reoffer_status(self, status: int) -> int:
        if self._reoffer_out is not None and self._reoffer_out.pending:
            return 491
        if self._reoffer_in is not None and self._reoffer_in.state is ReofferState.OFFERED:
            return 500
        return status

    def _try_again(self, status: int) -> tuple[Header, ...]:
        return (("Retry-After", str(self._core.entropy.number(8) % 11)),) if status == 500 else ()

    def receive_stray(self, response: Response, now: float) -> None:
        """Take a 2xx to an INVITE whose transaction is gone, e.g. one of a former process: the peer wants its ACK."""
        cseq = response.cseq.number
        own = (response.to.tag or "") == self.dialog.remote_tag
        if own and self.is_confirmed:
            self._core.send(self.flow, self._ack(cseq).to_bytes())

    # Ends

    def lost(self, status: int, reason: str, now: float) -> None:
        """The dialog died: end the session and say so; a peer that was merely silent gets a BYE."""
        if self.is_confirmed:
            self._lose()
            self._finish(now, known=status == 408)
            if status == 408:
                self._send_bye((), now)
            self._core.tell(Ended(self, status, reason))

    def ack_missing(self, now: float) -> None:
        """No ACK came for a 2xx of ours: hang up (RFC 3261 §13.3.1.4)."""
        self._lose()
        self._finish(now, known=True)
        self._send_bye((), now)
        self._core.tell(AckMissing(self))

    @abstractmethod
    def _lose(self) -> None:
        """Step to the end because the peer is gone."""

    def _finish(self, now: float, *, known: bool = False) -> None:
        """Let everything go; ``known``: keep the dialog known until our BYE is answered."""
        core = self._core
        core.dialogs -= 1
        core.queue.stop(self._limit)
        if self._session_timer is not None:
            self._session_timer.stop()
            self._session_timer = None
        if self._reoffer_in is not None:
            self._reoffer_in.stop(now)
        if self._reoffer_out is not None:
            self._reoffer_out.stop()
        self._reoffer_in = self._reoffer_out = None  # they know the session: no circles for the collector
        if not known:
            core.sessions.pop((self.dialog.sip_call_id, self.dialog.local_tag), None)

    def _send_bye(self, headers: Iterable[Header], now: float) -> None:
        send_bye(self._core, self.dialog, self.flow, headers, now)

    # Pieces

    def _reoffer_is_pending(self) -> bool:
        received, sent = self._reoffer_in, self._reoffer_out
        return (sent is not None and sent.pending) or (
            received is not None and received.state is not ReofferState.CLOSED
        )

    def _ack(self, cseq: int, headers: Iterable[Header] = (), body: bytes = b"") -> Request:
        """Build the ACK of a 2xx: a request of its own, with a new branch (RFC 3261 §13.2.2.4)."""
        via = self._core.via(self.flow, self._core.new_branch())
        return self.dialog.request("ACK", cseq, via, [self._core.user_agent, *headers], body)


def _refuse(session: Session, request: Request, key: Key, flow: Flow, now: float) -> None:
    refuse_method(session._core, request, key, flow, now)


_Handler = Callable[[Session, Request, Key, Flow, float], None]
_HANDLERS: Final[dict[str, _Handler]] = {
    "BYE": Session._receive_bye,
    "INFO": Session._receive_info,
    "INVITE": Session._receive_reinvite,
    "OPTIONS": Session._receive_options,
    "PRACK": lambda session, *asked: session._receive_prack(*asked),
    "REFER": Session._receive_refer,
    "UPDATE": Session._receive_update,
}
"""Methods that are known within a dialog, by name."""
