"""The INVITE server transaction (RFC 3261 §17.2.1, figure 7, as RFC 6026 §7.1, figure 5 corrects it).

::

                                   |INVITE
                                   |pass INV to TU
               INVITE              V send 100 if TU won't in 200 ms
               send response +------------+
                   +---------|            |---+ 101-199 from TU
                   +-------->| Proceeding |<--+ send response
                             |            |---------------------+
                             +------------+  2xx from TU        |
                 300-699 from TU |           send response      |
                 send response   |                              V
                                 |                       +------------+  INVITE: -
        INVITE                   V          Timer G      |            |  ACK: to TU
        send response +-----------+         send resp.   |  Accepted  |  2xx from TU: send
             +--------|           |<---+                 |            |
             +------->| Completed |----+                 +------------+
                      |           |--------+ Timer H            | Timer L
                      +-----------+        | inform TU          |
                        ACK |              V                    V
                            V          +------------+           |
                      +-----------+    |            |<----------+
                      | Confirmed |--->| Terminated |
                      +-----------+    +------------+
                             Timer I
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import Key, Layer, MergeKey, ServerUser, doubled


class State(Word):
    """Where the transaction stands."""

    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Input(Word):
    """What can happen to it."""

    INVITE = "INVITE again"
    ACK = "ACK"
    SEND_1XX = "1xx from TU"
    SEND_2XX = "2xx from TU"
    SEND_300_699 = "300-699 from TU"
    TIMER_G = "timer G"
    TIMER_H = "timer H"
    TIMER_I = "timer I"
    TIMER_L = "timer L"


TABLE: Final = StateTable(
    "INVITE server transaction",
    {
        (State.PROCEEDING, Input.INVITE): State.PROCEEDING,
        (State.PROCEEDING, Input.ACK): State.PROCEEDING,
        (State.PROCEEDING, Input.SEND_1XX): State.PROCEEDING,
        (State.PROCEEDING, Input.SEND_2XX): State.ACCEPTED,
        (State.PROCEEDING, Input.SEND_300_699): State.COMPLETED,
        (State.COMPLETED, Input.INVITE): State.COMPLETED,
        (State.COMPLETED, Input.ACK): State.CONFIRMED,
        (State.COMPLETED, Input.TIMER_G): State.COMPLETED,
        (State.COMPLETED, Input.TIMER_H): State.TERMINATED,
        (State.CONFIRMED, Input.INVITE): State.CONFIRMED,
        (State.CONFIRMED, Input.ACK): State.CONFIRMED,
        (State.CONFIRMED, Input.TIMER_I): State.TERMINATED,
        (State.ACCEPTED, Input.INVITE): State.ACCEPTED,
        (State.ACCEPTED, Input.ACK): State.ACCEPTED,
        (State.ACCEPTED, Input.SEND_2XX): State.ACCEPTED,
        (State.ACCEPTED, Input.TIMER_L): State.TERMINATED,
    },
)
"""Transport errors change no state (RFC 6026 §7.1), so they are no input. A stray ACK is absorbed where it comes."""


class InviteServer:
    """One INVITE server transaction.

    Args:
        layer: where it lives.
        key: what its INVITE is matched by.
        flow: where its responses go.
        user: who gets ACKs in the Accepted state; None where nobody cares.
    """

    __slots__ = (
        "_answer",
        "_interval_s",
        "_layer",
        "_timer_g",
        "_timer_h",
        "flow",
        "key",
        "merge_key",
        "state",
        "user",
    )

    def __init__(self, layer: Layer, key: Key, flow: Flow, user: ServerUser | None) -> None:
        self._layer = layer
        self.key = key
        self.flow = flow
        self.user = user
        self.state = State.PROCEEDING
        self.merge_key: MergeKey | None = None
        self._answer = b""
        self._interval_s = 0.0
        self._timer_g: Timer | None = None
        self._timer_h: Timer | None = None
        layer.live += 1

    def receive_again(self) -> None:
        """The INVITE was retransmitted: repeat what was answered last, but for a 2xx (its user repeats that)."""
        self._step(Input.INVITE)
        if self._answer and self.state in _REPEATING:
            self._layer.send(self.flow, self._answer)

    def receive_ack(self, request: Request, flow: Flow, now: float) -> None:
        """An ACK with the branch of the INVITE came."""
        before = self.state
        after = self._step(Input.ACK)
        if after is State.ACCEPTED:
            if self.user is not None:
                self.user.acknowledged(request, flow, now)
        elif after is State.CONFIRMED and before is State.COMPLETED:
            self._confirm(now)

    def respond(self, status: int, data: bytes, now: float) -> None:
        """Send a response.

        Args:
            status: its status code.
            data: the response as it goes over the wire.
            now: monotonic seconds.

        Raises:
            LocalProtocolError: a final response was sent before, other than this 2xx again.
        """
        if status < 200:
            self._step(Input.SEND_1XX)
            self._answer = data
        elif status < 300:
            self._accept(now)
        else:
            self._step(Input.SEND_300_699)
            self._complete(data, now)
        self._layer.send(self.flow, data)

    def remember(self, data: bytes) -> None:
        """Take over what a former process answered provisionally, for the next retransmission."""
        self._answer = data

    def _accept(self, now: float) -> None:
        first = self.state is State.PROCEEDING
        self._step(Input.SEND_2XX)
        if first:
            self._answer = b""
            self._layer.live -= 1
            self._layer.queue.lapse(self, Input.TIMER_L, self._layer.give_up_s, now)

    def _complete(self, data: bytes, now: float) -> None:
        layer = self._layer
        self.user = None
        self._answer = data
        self._timer_h = layer.queue.start(self, Input.TIMER_H, layer.give_up_s, now)
        if not self.flow.reliable:
            self._interval_s = layer.timers.t1_s
            self._timer_g = layer.queue.start(self, Input.TIMER_G, self._interval_s, now)

    def _confirm(self, now: float) -> None:
        queue = self._layer.queue
        queue.stop(self._timer_g)
        queue.stop(self._timer_h)
        self._timer_g = self._timer_h = None
        self._answer = b""
        self._layer.live -= 1
        if self.flow.reliable:
            self.expire(Input.TIMER_I, now)
        else:
            queue.lapse(self, Input.TIMER_I, self._layer.timers.t4_s, now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        assert isinstance(kind, Input)  # noqa: S101 - narrows for the type checker
        self._step(kind)
        if kind is Input.TIMER_G:
            self._layer.send(self.flow, self._answer)
            self._interval_s = doubled(self._interval_s, self._layer.timers.t2_s)
            self._timer_g = self._layer.queue.start(self, Input.TIMER_G, self._interval_s, now)
        else:
            self._end(kind)

    def _end(self, kind: Input) -> None:
        if kind is Input.TIMER_H:
            self._layer.live -= 1
            self._layer.queue.stop(self._timer_g)
        self.user = None
        self._layer.forget_server(self.key)
        if self.merge_key is not None:
            self._layer.forget_merged(self.merge_key)

    def _step(self, given: Input) -> State:
        self.state = TABLE.step(self.state, given)
        return self.state


_REPEATING: Final = frozenset({State.PROCEEDING, State.COMPLETED})
