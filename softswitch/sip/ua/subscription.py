"""A subscription of a peer's to something of ours: the notifier's side of RFC 6665 §4.2.

At most one NOTIFY is under way: what changes meanwhile is told when that one is answered, once and as it is then, so
that a slow phone gets few and late notifications and never old ones behind new ones. A subscription makes its dialog
by SUBSCRIBE alone; what it tells is its owner's business::

                 +-------+   notify    +---------+   notify   +--------+
    SUBSCRIBE -->| quiet |------------>| telling |----------->| behind |--+ notify
                 |       |<------------|         |            |        |<-+
                 +-------+     2xx     +---------+            +--------+
                   ^  |  ^                |   ^ 2xx: due again     |
             retry |  |  +-- due again ---+---+--------------------+
                   |  |                   |  5xx, unreachable
                +---------+               |
                | waiting |<--------------+        in all of them:
                +---------+                          END (it expires, is given up, or we end it) -> leaving
                                                     REFUSED (481 and its kin, or no answer)     -> over
                 +---------+  any answer, or none   +------+
                 | leaving |----------------------->| over |
                 +---------+                        +------+
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from softswitch.core.errors import LocalProtocolError, SipError
from softswitch.core.immutable import immutable
from softswitch.core.state_table import StateTable, Word
from softswitch.sip.dialog.dialog import Dialog, target_of
from softswitch.sip.dialog.route import callee_routes
from softswitch.sip.flow import Flow
from softswitch.sip.headers.event import parse_event, subscription_state
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import Key
from softswitch.sip.transaction.matching import reply_flow
from softswitch.sip.ua.actions import NotifyDue, SubscriptionExpired, SubscriptionOver, SubscriptionRefreshed
from softswitch.sip.ua.compose import copied_text, response_octets
from softswitch.sip.ua.core import UaCore
from softswitch.sip.ua.dialog_snapshot import dialog_of, flow_of
from softswitch.sip.ua.registering import whole_header
from softswitch.sip.ua.subscription_snapshot import SubscriptionSnapshot


class State(Word):
    """What the subscriber knows."""

    QUIET = "quiet"
    """All that it was to be told."""
    TELLING = "telling"
    """A NOTIFY is under way."""
    BEHIND = "behind"
    """One is, and there is something newer to tell."""
    WAITING = "waiting"
    """It could not take the last one; it is told later."""
    LEAVING = "leaving"
    """The last NOTIFY of all is under way."""
    OVER = "over"


class Input(Word):
    """What can happen."""

    NOTIFY = "there is something to tell"
    TOLD = "2xx to the NOTIFY"
    LATER = "5xx to it, or the transport failed"
    RETRY = "the wait is over"
    REFUSED = "481 and its kin, or no answer"
    END = "expired, given up, or ended by us"


_LIVE: Final = (State.QUIET, State.TELLING, State.BEHIND, State.WAITING)
TABLE: Final = StateTable(
    "subscription",
    {
        (State.QUIET, Input.NOTIFY): State.TELLING,
        (State.TELLING, Input.NOTIFY): State.BEHIND,
        (State.BEHIND, Input.NOTIFY): State.BEHIND,
        (State.WAITING, Input.NOTIFY): State.WAITING,
        (State.TELLING, Input.TOLD): State.QUIET,
        (State.BEHIND, Input.TOLD): State.QUIET,
        (State.TELLING, Input.LATER): State.WAITING,
        (State.BEHIND, Input.LATER): State.WAITING,
        (State.WAITING, Input.RETRY): State.QUIET,
        (State.TELLING, Input.REFUSED): State.OVER,
        (State.BEHIND, Input.REFUSED): State.OVER,
        **{(state, Input.END): State.LEAVING for state in _LIVE},
        (State.LEAVING, Input.TOLD): State.OVER,
        (State.LEAVING, Input.LATER): State.OVER,
        (State.LEAVING, Input.REFUSED): State.OVER,
    },
)

ENDING: Final = frozenset({404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604})
"""Answers to NOTIFY that end the subscription (RFC 5057 §5.1, RFC 6665 §4.2.2)."""
RETRY_S: Final = 10.0
"""After a failure that names no time."""


@immutable
class Duration:
    """How long a subscription may last, in seconds."""

    least_s: int = 60
    usual_s: int = 3600
    """Where the SUBSCRIBE names none."""
    most_s: int = 3600

    def granted_s(self, request: Request) -> int:
        """Return what a SUBSCRIBE is granted; 0 where it asks for no more than one look, or ends it.

        Raises:
            SipError: it is too brief (423).
        """
        asked = request.expires
        if asked is None:
            return self.usual_s
        if 0 < asked < self.least_s:
            raise SipError(f"less than {self.least_s} s", 423)
        return min(asked, self.most_s)


class _Timer(Enum):
    EXPIRE = "the subscription expires"
    RETRY = "a NOTIFY is tried again"


class Subscription:
    """One subscription.

    Args:
        core: the user agent's common ground.
        owner: the name that its owner gave it.
        flow: where the peer is.
        dialog: its dialog.
        event: the value of the Event header.
        duration: how long it may last.
        headers: of every answer to SUBSCRIBE and every NOTIFY.

    Attributes:
        state: see the table.
        granted_s: what the last SUBSCRIBE was granted.
    """

    def __init__(
        self,
        core: UaCore,
        owner: str,
        flow: Flow,
        dialog: Dialog,
        event: str,
        duration: Duration,
        headers: tuple[Header, ...],
    ) -> None:
        self._core = core
        self.owner = owner
        self.flow = flow
        self.dialog = dialog
        self.event = event
        self.state = State.QUIET
        self.granted_s = 0
        self._duration = duration
        self._headers = headers
        self._expires_at_s = 0.0
        self._expiry: Timer | None = None
        self._retry: Timer | None = None
        core.subscriptions[dialog.sip_call_id, dialog.local_tag] = self

    @classmethod
    def arrived(
        cls,
        core: UaCore,
        request: Request,
        key: Key,
        flow: Flow,
        owner: str,
        duration: Duration,
        headers: tuple[Header, ...],
        now: float,
    ) -> Subscription:
        """Accept a SUBSCRIBE outside a dialog (200), or a REFER (202); the owner has to notify in the same turn.

        Raises:
            SipError: it has no usable Contact or Record-Route, or is too brief.
        """
        target = target_of(request)
        if target is None:
            raise SipError("a SUBSCRIBE without a Contact")
        routes, granted_s = callee_routes(request), duration.granted_s(request)
        tag = core.steady_tag(request)
        dialog = Dialog(request.call_id, tag, f"{request.get('To')};tag={tag}", request.get("From") or "", target)
        dialog.remote_tag = request.from_.tag or ""
        dialog.routes = routes
        dialog.remote_cseq = request.cseq.number
        event = "refer" if request.method == "REFER" else request.get("Event") or ""
        made = cls(core, owner, flow, dialog, event, duration, headers)
        made._grant(granted_s, now)
        made._accept(request, key, flow, now)
        return made

    @classmethod
    def restored(
        cls,
        core: UaCore,
        owner: str,
        snapshot: SubscriptionSnapshot,
        duration: Duration,
        headers: tuple[Header, ...],
        left_s: float,
        now: float,
    ) -> Subscription:
        """Go on with a subscription of a former process."""
        made = cls(core, owner, flow_of(snapshot.flow), dialog_of(snapshot), snapshot.event, duration, headers)
        made._grant(max(left_s, 0.001), now)
        return made

    def snapshot(self) -> SubscriptionSnapshot:
        """Return what a restarted switch must know."""
        return SubscriptionSnapshot.of(self.flow, self.dialog, self.event)

    @property
    def is_quiet(self) -> bool:
        """Whether a NOTIFY would leave at once."""
        return self.state is State.QUIET

    @property
    def is_over(self) -> bool:
        """Whether nothing can be told any more."""
        return self.state is State.LEAVING or self.state is State.OVER

    # Commands of the owner

    def notify(self, headers: Iterable[Header] = (), body: bytes = b"", *, now: float) -> bool:
        """Tell the subscriber how it is; return whether a NOTIFY left.

        Where one is under way, nothing is sent: ``NotifyDue`` follows when there is time for it.
        """
        if self.is_over:
            return False
        before, self.state = self.state, TABLE.step(self.state, Input.NOTIFY)
        if before is State.QUIET:
            left_s = max(0, round(self._expires_at_s - now))
            self._send(subscription_state(expires_s=left_s), headers, body, now)
        return before is State.QUIET

    def end(self, reason: str, headers: Iterable[Header] = (), body: bytes = b"", *, now: float) -> None:
        """Tell it for the last time: ``timeout`` where it expired or was given up, ``deactivated``, ``noresource``."""
        if not self.is_over:
            self.state = TABLE.step(self.state, Input.END)
            self._stop()
            self._send(subscription_state(reason), headers, body, now)

    def abandon(self) -> None:
        """Forget it without a word: the phone has made another one in its place."""
        self.state = State.OVER
        self._stop()
        self._forget()

    def move_to(self, flow: Flow, *, now: float) -> None:
        """Send another way: the phone has registered from there."""
        self.flow = flow
        self._try_again()

    # What the peer sends

    def receive(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """Take a request of the peer within the dialog, whose retransmissions are absorbed already."""
        if request.method == "ACK":
            return
        status, headers = self._refusal(request)
        if status:
            self._core.answer(request, key, flow, status, now, headers)
            return
        granted_s = self._duration.granted_s(request)
        self.flow = flow
        self.dialog.target = target_of(request) or self.dialog.target
        self._grant(granted_s, now)
        self._accept(request, key, flow, now)
        self._core.tell(SubscriptionRefreshed(self.owner, granted_s, request.body))
        self._try_again()

    def _refusal(self, request: Request) -> tuple[int, tuple[Header, ...]]:
        if request.method != "SUBSCRIBE":
            return 405, (("Allow", "SUBSCRIBE"),)
        if self.is_over:
            return 481, ()
        if not self.dialog.in_order(request):
            return 500, ()
        try:
            if str(parse_event(request.get("Event"))) != str(parse_event(self.event)):
                return 489, ()
            self._duration.granted_s(request)
            target_of(request)
        except SipError as error:
            least = (("Min-Expires", str(self._duration.least_s)),) if error.status_hint == 423 else ()
            return error.status_hint, least
        return 0, ()

    def _accept(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        headers = (self._core.server, self._core.contact(flow), *self._headers)
        refers = request.method == "REFER"
        if not refers:
            headers += (("Expires", str(self.granted_s)),)
        data = response_octets(
            202 if refers else 200, copied_text(request, self.dialog.local_tag, dialog=True), headers
        )
        self._core.layer.answer(key, reply_flow(request, flow), data, now)

    # Time

    def _grant(self, seconds: float, now: float) -> None:
        queue = self._core.queue
        queue.stop(self._expiry)
        self.granted_s = round(seconds)
        self._expires_at_s = now + seconds
        self._expiry = queue.linger(self, _Timer.EXPIRE, seconds, now) if seconds > 0 else None

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is _Timer.EXPIRE:
            self._expiry = None
            self._core.tell(SubscriptionExpired(self.owner))
        else:
            self._retry = None
            self._try_again()

    def _try_again(self) -> None:
        if self.state is State.WAITING:
            self._core.queue.stop(self._retry)
            self.state = TABLE.step(self.state, Input.RETRY)
            self._core.tell(NotifyDue(self.owner, lost=True))

    def _stop(self) -> None:
        self._core.queue.stop(self._expiry)
        self._core.queue.stop(self._retry)
        self._expiry = self._retry = None

    # NOTIFY and its answer

    def _send(self, state: str, headers: Iterable[Header], body: bytes, now: float) -> None:
        core = self._core
        branch = core.new_branch()
        own = [core.contact(self.flow), ("Event", self.event), ("Subscription-State", state), core.user_agent]
        via = core.via(self.flow, branch)
        fields = [*own, *self._headers, *headers]
        request = self.dialog.request("NOTIFY", self.dialog.next_cseq(), via, fields, body)
        core.layer.request((branch, "NOTIFY"), request.to_bytes(), self.flow, self, now, counted=False)

    def responded(self, response: Response, now: float) -> None:
        """The subscriber answered."""
        status = response.status
        if status < 200 or self.state is State.OVER:
            return
        if status < 300:
            self._told()
        elif status in ENDING:
            self._refused(f"{status} to NOTIFY")
        else:
            self._later(float(whole_header(response, "Retry-After") or RETRY_S), now)

    def timed_out(self, now: float) -> None:
        """The subscriber does not answer (RFC 6665 §4.2.2)."""
        if self.state is not State.OVER:
            self._refused("no answer to NOTIFY")

    def unreachable(self, now: float) -> None:
        """The transport failed: a phone that comes back registers or subscribes again, and is told then."""
        if self.state is not State.OVER:
            self._later(0.0, now)

    def _told(self) -> None:
        behind = self.state is State.BEHIND
        self.state = TABLE.step(self.state, Input.TOLD)
        if self.state is State.OVER:
            self._forget()
        elif behind:
            self._core.tell(NotifyDue(self.owner, lost=False))

    def _later(self, delay_s: float, now: float) -> None:
        self.state = TABLE.step(self.state, Input.LATER)
        if self.state is State.OVER:
            self._forget()
        elif delay_s:
            self._retry = self._core.queue.linger(self, _Timer.RETRY, delay_s, now)

    def _refused(self, reason: str) -> None:
        was_leaving = self.state is State.LEAVING
        self.state = TABLE.step(self.state, Input.REFUSED)
        self._stop()
        self._forget()
        if not was_leaving:
            self._core.tell(SubscriptionOver(self.owner, reason))

    def _forget(self) -> None:
        if self.state is not State.OVER:
            raise LocalProtocolError(f"the subscription {self.owner} is {self.state.value}")
        self._core.subscriptions.pop((self.dialog.sip_call_id, self.dialog.local_tag), None)
