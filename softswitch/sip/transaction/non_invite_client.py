"""The non-INVITE client transaction (RFC 3261 §17.1.2, figure 6).

::

                                   |Request from TU
                                   |send request
               Timer E             V
               send request  +-----------+
                   +---------|           |-------------------+
                   |         |  Trying   |  Timer F          |
                   +-------->|           |  or Transport Err.|
                             +-----------+  inform TU        |
                200-699         |  |                         |
                resp. to TU     |  |1xx                      |
                +---------------+  |resp. to TU              |
                |                  V                         |
                |   Timer E  +-----------+                   |
                |   send req +-----------|  Timer F          |
                |     +------|Proceeding |  or Transport Err.|
                |     +----->|           |------------------>|
                |            +-----------+  inform TU        |
                |              | 200-699                     |
                |              | resp. to TU                 |
                |              V                             |
                |            +-----------+                   |
                +----------->| Completed |                   |
                             +-----------+                   |
                                   | Timer K                 |
                                   V                         V
                             +-------------------------------------+
                             |             Terminated              |
                             +-------------------------------------+
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.flow import Flow
from softswitch.sip.message import Response
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import ClientUser, Key, Layer, doubled
from softswitch.sip.transaction.oversize import over


class State(Word):
    """Where the transaction stands."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class Input(Word):
    """What can happen to it."""

    RECEIVE_1XX = "1xx"
    RECEIVE_FINAL = "200-699"
    TIMER_E = "timer E"
    TIMER_F = "timer F"
    TIMER_K = "timer K"
    TRANSPORT_ERROR = "transport error"


TABLE: Final = StateTable(
    "non-INVITE client transaction",
    {
        (State.TRYING, Input.RECEIVE_1XX): State.PROCEEDING,
        (State.TRYING, Input.RECEIVE_FINAL): State.COMPLETED,
        (State.TRYING, Input.TIMER_E): State.TRYING,
        (State.TRYING, Input.TIMER_F): State.TERMINATED,
        (State.TRYING, Input.TRANSPORT_ERROR): State.TERMINATED,
        (State.PROCEEDING, Input.RECEIVE_1XX): State.PROCEEDING,
        (State.PROCEEDING, Input.RECEIVE_FINAL): State.COMPLETED,
        (State.PROCEEDING, Input.TIMER_E): State.PROCEEDING,
        (State.PROCEEDING, Input.TIMER_F): State.TERMINATED,
        (State.PROCEEDING, Input.TRANSPORT_ERROR): State.TERMINATED,
        (State.COMPLETED, Input.RECEIVE_1XX): State.COMPLETED,
        (State.COMPLETED, Input.RECEIVE_FINAL): State.COMPLETED,
        (State.COMPLETED, Input.TIMER_K): State.TERMINATED,
        (State.COMPLETED, Input.TRANSPORT_ERROR): State.COMPLETED,
    },
)


class NonInviteClient:
    """One non-INVITE client transaction.

    Args:
        layer: where it lives.
        key: what its responses are matched by.
        data: the request as it goes over the wire.
        flow: where it goes.
        user: who gets the responses; None where nobody cares.
        counted: whether it can change a call, and so counts as live.
    """

    __slots__ = ("_counted", "_interval_s", "_layer", "_timer_e", "_timer_f", "data", "flow", "key", "state", "user")

    def __init__(
        self, layer: Layer, key: Key, data: bytes, flow: Flow, user: ClientUser | None, *, counted: bool = True
    ) -> None:
        self._layer = layer
        self.key = key
        self.data = data
        self.flow = flow
        self.user = user
        self.state = State.TRYING
        self._interval_s = layer.timers.t1_s
        self._timer_e: Timer | None = None
        self._timer_f: Timer | None = None
        self._counted = int(counted)
        layer.live += self._counted

    def start(self, now: float) -> None:
        """Send the request and start timers E and F."""
        self._layer.send(self.flow, self.data)
        self._timer_f = self._start(Input.TIMER_F, self._layer.give_up_s, now)
        if not self.flow.reliable:
            self._timer_e = self._start(Input.TIMER_E, self._interval_s, now)

    def go_by(self, flow: Flow, now: float) -> bool:
        """Send the request another way, unless an answer has come on the first; tell whether it was."""
        if self.state is not State.TRYING:
            return False
        self.flow = flow
        self.data = over(self.data, flow)
        self._layer.send(flow, self.data)
        self._timer_e = self._start(Input.TIMER_E, self._interval_s, now)
        return True

    def _start(self, kind: Input, delay_s: float, now: float) -> Timer:
        queue = self._layer.queue
        return queue.start(self, kind, delay_s, now) if self._counted else queue.linger(self, kind, delay_s, now)

    @property
    def live(self) -> bool:
        """Whether a final response is outstanding."""
        return self.state is State.TRYING or self.state is State.PROCEEDING

    def receive(self, response: Response, now: float) -> None:
        """A response came."""
        was_live = self.live
        after = self._step(Input.RECEIVE_1XX if response.status < 200 else Input.RECEIVE_FINAL)
        if not was_live:
            return
        user = self.user
        if after is State.COMPLETED:
            self._rest(now)
        if user is not None:
            user.responded(response, now)

    def _rest(self, now: float) -> None:
        self._let_go()
        if self.flow.reliable:
            self.expire(Input.TIMER_K, now)
        else:
            self._layer.queue.lapse(self, Input.TIMER_K, self._layer.timers.t4_s, now)

    def fail(self, now: float) -> None:
        """The transport failed."""
        if self._step(Input.TRANSPORT_ERROR) is State.TERMINATED:
            user = self.user
            self._let_go()
            self._layer.forget_client(self.key)
            if user is not None:
                user.unreachable(now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        assert isinstance(kind, Input)  # noqa: S101 - narrows for the type checker
        after = self._step(kind)
        if kind is Input.TIMER_E:
            self._send_again(now, proceeding=after is State.PROCEEDING)
            return
        self._layer.forget_client(self.key)
        if kind is Input.TIMER_F:
            user = self.user
            self._let_go()
            if user is not None:
                user.timed_out(now)

    def _send_again(self, now: float, *, proceeding: bool) -> None:
        t2_s = self._layer.timers.t2_s
        self._layer.send(self.flow, self.data)
        self._interval_s = t2_s if proceeding else doubled(self._interval_s, t2_s)
        self._timer_e = self._start(Input.TIMER_E, self._interval_s, now)

    def _let_go(self) -> None:
        self._layer.queue.stop(self._timer_e)
        self._layer.queue.stop(self._timer_f)
        self._timer_e = self._timer_f = None
        self.user = None
        self.data = b""
        self._layer.rest(self, self.flow, self._counted)

    def _step(self, given: Input) -> State:
        self.state = TABLE.step(self.state, given)
        return self.state
