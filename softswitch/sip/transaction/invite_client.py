"""The INVITE client transaction (RFC 3261 §17.1.1, figure 5, as RFC 6026 §7.2, figure 8 corrects it).

::

                                 |INVITE from TU
               Timer A fires     |INVITE sent      Timer B fires
               INVITE sent       V                 or Transport Err.
                   +---------+------------+        inform TU
                   |         |   Calling  |----------------------------+
                   +-------->|            |------------------+         |
                             +------------+ 2xx              |         |
                300-699         |   | 1xx   2xx to TU        |         |
                ACK sent        |   | 1xx to TU              |         |
                resp. to TU     |   V                        |         |
             +------------------+ +------------+             |         |
             |          1xx to TU | Proceeding | 2xx         |         |
             |              +-----|            | 2xx to TU   |         |
             |              +---->|            |------------>|         |
             |   300-699          +------------+             |         |
             |   ACK sent, resp. to TU |                     |         |
             V                         |                     V         |
        +-----------+                  |              +------------+   |
        |           |<-----------------+              |            |--+| 2xx
        | Completed |--+ 300-699                      |  Accepted  |  || 2xx to TU
        |           |<-+ ACK sent                     |            |<-+|
        +-----------+                                 +------------+   |
             | Timer D fires, or Transport Err.              | Timer M |
             V                                               V         V
        +-----------------------------------------------------------------+
        |                           Terminated                            |
        +-----------------------------------------------------------------+

ABANDON is the end of RFC 3261 §9.1: cancelled, and 64*T1 later still no final response.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request, Response
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import ClientUser, Key, Layer
from softswitch.sip.transaction.oversize import over, via_over


class State(Word):
    """Where the transaction stands."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Input(Word):
    """What can happen to it."""

    RECEIVE_1XX = "1xx"
    RECEIVE_2XX = "2xx"
    RECEIVE_300_699 = "300-699"
    TIMER_A = "timer A"
    TIMER_B = "timer B"
    TIMER_D = "timer D"
    TIMER_M = "timer M"
    TRANSPORT_ERROR = "transport error"
    ABANDON = "cancelled, no final response"


TABLE: Final = StateTable(
    "INVITE client transaction",
    {
        (State.CALLING, Input.RECEIVE_1XX): State.PROCEEDING,
        (State.CALLING, Input.RECEIVE_2XX): State.ACCEPTED,
        (State.CALLING, Input.RECEIVE_300_699): State.COMPLETED,
        (State.CALLING, Input.TIMER_A): State.CALLING,
        (State.CALLING, Input.TIMER_B): State.TERMINATED,
        (State.CALLING, Input.TRANSPORT_ERROR): State.TERMINATED,
        (State.CALLING, Input.ABANDON): State.TERMINATED,
        (State.PROCEEDING, Input.RECEIVE_1XX): State.PROCEEDING,
        (State.PROCEEDING, Input.RECEIVE_2XX): State.ACCEPTED,
        (State.PROCEEDING, Input.RECEIVE_300_699): State.COMPLETED,
        (State.PROCEEDING, Input.TRANSPORT_ERROR): State.PROCEEDING,
        (State.PROCEEDING, Input.ABANDON): State.TERMINATED,
        (State.COMPLETED, Input.RECEIVE_1XX): State.COMPLETED,
        (State.COMPLETED, Input.RECEIVE_2XX): State.COMPLETED,
        (State.COMPLETED, Input.RECEIVE_300_699): State.COMPLETED,
        (State.COMPLETED, Input.TIMER_D): State.TERMINATED,
        (State.COMPLETED, Input.TRANSPORT_ERROR): State.TERMINATED,
        (State.ACCEPTED, Input.RECEIVE_1XX): State.ACCEPTED,
        (State.ACCEPTED, Input.RECEIVE_2XX): State.ACCEPTED,
        (State.ACCEPTED, Input.RECEIVE_300_699): State.ACCEPTED,
        (State.ACCEPTED, Input.TIMER_M): State.TERMINATED,
        (State.ACCEPTED, Input.TRANSPORT_ERROR): State.ACCEPTED,
    },
)
"""Late responses that the figure does not show are absorbed where they come. In Proceeding a closed stream changes
nothing: the peer opens another one for its final response (RFC 3261 §18.2.2)."""


class InviteClient:
    """One INVITE client transaction.

    Args:
        layer: where it lives.
        key: what its responses are matched by.
        request: the INVITE, for the ACK of a final response other than 2xx.
        data: the INVITE as it goes over the wire.
        flow: where it goes.
        user: who gets the responses.
    """

    __slots__ = (
        "_ack",
        "_interval_s",
        "_layer",
        "_timer_a",
        "_timer_b",
        "data",
        "flow",
        "key",
        "request",
        "state",
        "user",
    )

    def __init__(self, layer: Layer, key: Key, request: Request, data: bytes, flow: Flow, user: ClientUser) -> None:
        self._layer = layer
        self.key = key
        self.request: Request | None = request
        self.data = data
        self.flow = flow
        self.user: ClientUser | None = user
        self.state = State.CALLING
        self._ack = b""
        self._interval_s = layer.timers.t1_s
        self._timer_a: Timer | None = None
        self._timer_b: Timer | None = None
        layer.live += 1

    def start(self, now: float, give_up_s: float | None = None) -> None:
        """Send the INVITE and start timers A and B; ``give_up_s`` replaces 64*T1 where part of it is over."""
        queue = self._layer.queue
        self._layer.send(self.flow, self.data)
        wait_s = self._layer.give_up_s if give_up_s is None else give_up_s
        self._timer_b = queue.start(self, Input.TIMER_B, wait_s, now)
        if not self.flow.reliable:
            self._timer_a = queue.start(self, Input.TIMER_A, self._interval_s, now)

    def resume(self, now: float, give_up_s: float | None = None, *, answered: bool) -> None:
        """Go on with an INVITE that a former process sent.

        It is sent again, which makes the callee repeat what it answered last. Over a stream as well: it may never have
        left that process, and where the stream ended with the process the caller hears of it at once.

        Args:
            now: monotonic seconds.
            give_up_s: how long to wait for any answer, where not for 64*T1.
            answered: whether it counts as answered provisionally all the same: it was, or it is cancelled and the
                phone shall not ring again.
        """
        if answered:
            self._step(Input.RECEIVE_1XX)
        else:
            self.start(now, give_up_s)

    def go_by(self, flow: Flow, now: float) -> bool:
        """Send the INVITE another way, unless an answer has come on the first; tell whether it was."""
        if self.state is not State.CALLING or self.request is None:
            return False
        self.flow = flow
        self.data = over(self.data, flow)
        self.request.set("Via", via_over(self.request.get("Via") or "", flow))
        self._layer.send(flow, self.data)
        self._timer_a = self._layer.queue.start(self, Input.TIMER_A, self._interval_s, now)
        return True

    @property
    def live(self) -> bool:
        """Whether a final response is outstanding."""
        return self.state in _LIVE

    def receive(self, response: Response, now: float) -> None:
        """A response came."""
        status = response.status
        was_live = self.state in _LIVE
        if status < 200:
            self._step(Input.RECEIVE_1XX)
            self._stop_timers()
            if not was_live:
                return
        elif status < 300:
            if self._step(Input.RECEIVE_2XX) is State.COMPLETED:
                return
            if was_live:
                self._accept(now)
        elif not self._refused(response, now, was_live=was_live):
            return
        if self.user is not None:
            self.user.responded(response, now)
        if self.state is not State.ACCEPTED and not self.live:
            self.user = None

    def _refused(self, response: Response, now: float, *, was_live: bool) -> bool:
        """Handle 300-699; tell whether the user is to see it."""
        if self._step(Input.RECEIVE_300_699) is State.ACCEPTED:
            return False
        if was_live:
            self._complete(response, now)
        self._layer.send(self.flow, self._ack)
        return was_live

    def _accept(self, now: float) -> None:
        self._stop_timers()
        self._let_go()
        self._layer.queue.lapse(self, Input.TIMER_M, self._layer.give_up_s, now)

    def _complete(self, response: Response, now: float) -> None:
        self._stop_timers()
        assert self.request is not None  # noqa: S101 - it is let go of only after the first final response
        self._ack = ack_for(self.request, response).to_bytes()
        self._let_go()
        if self.flow.reliable:  # timer D is 0 there; the ACK that follows goes out all the same
            self.expire(Input.TIMER_D, now)
        else:
            self._layer.queue.lapse(self, Input.TIMER_D, max(32.0, self._layer.give_up_s), now)

    def _let_go(self) -> None:
        self.request = None
        self.data = b""
        self._layer.rest(self, self.flow)

    def fail(self, now: float) -> None:
        """The transport failed."""
        was_live = self.live
        if self._step(Input.TRANSPORT_ERROR) is State.TERMINATED:
            self._end(was_live=was_live)
            user, self.user = self.user, None
            if user is not None and was_live:
                user.unreachable(now)

    def abandon(self) -> None:
        """Give up without telling the user, who asks for it. Nothing happens where a final response has come."""
        if self.live:
            self._step(Input.ABANDON)
            self._end(was_live=True)
            self.user = None

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        assert isinstance(kind, Input)  # noqa: S101 - narrows for the type checker
        self._step(kind)
        if kind is Input.TIMER_A:
            self._layer.send(self.flow, self.data)
            self._interval_s *= 2
            self._timer_a = self._layer.queue.start(self, Input.TIMER_A, self._interval_s, now)
        elif kind is Input.TIMER_B:
            self._end(was_live=True)
            user, self.user = self.user, None
            if user is not None:
                user.timed_out(now)
        else:
            self._layer.forget_client(self.key)
            if kind is Input.TIMER_M:
                self.user = None

    def _end(self, *, was_live: bool) -> None:
        self._stop_timers()
        self._layer.forget_client(self.key)
        if was_live:
            self._let_go()

    def _stop_timers(self) -> None:
        self._layer.queue.stop(self._timer_a)
        self._layer.queue.stop(self._timer_b)
        self._timer_a = self._timer_b = None

    def _step(self, given: Input) -> State:
        self.state = TABLE.step(self.state, given)
        return self.state


_LIVE: Final = frozenset({State.CALLING, State.PROCEEDING})


def ack_for(invite: Request, response: Response) -> Request:
    """Build the ACK of a final response other than 2xx (RFC 3261 §17.1.1.3).

    Args:
        invite: the INVITE as it was sent.
        response: what is acknowledged; its To goes into the ACK.
    """
    headers: list[Header] = [("Via", invite.get("Via") or ""), ("Max-Forwards", "70")]
    headers += [pair for pair in invite.headers if pair[0] in {"Route", "From", "Call-ID"}]
    headers += [("To", response.get("To") or ""), ("CSeq", f"{invite.cseq.number} ACK")]
    return Request("ACK", invite.uri, headers)
