"""The non-INVITE server transaction (RFC 3261 §17.2.2, figure 8), with RFC 4320.

::

                     |Request received
                     |pass to TU
                     V
               +------------+
               |   Trying   |------------------+
               +------------+                  | 200-699 from TU
                     | 1xx from TU             | send response
                     | send response           |
        Request      V                         |
        send resp. +-----------+               |
             +-----| Proceed-  |---+ 1xx       |
             +---->|   ing     |<--+ send      |
                   +-----------+               |
                     | 200-699 from TU         |
                     | send response           |
        Request      V                         |
        send resp. +-----------+               |
             +-----| Completed |<--------------+
             +---->|           |
                   +-----------+
                     | Timer J
                     V
               +------------+
               | Terminated |
               +------------+

RFC 4320 §4: there is no 408 to a non-INVITE request, and no provisional response but 100. After 64*T1 the client has
given up, so a transaction that its user forgot ends then (ABANDON).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.errors import LocalProtocolError
from softswitch.core.state_table import StateTable, Word
from softswitch.sip.flow import Flow
from softswitch.sip.timers import Timer
from softswitch.sip.transaction.base import Key, Layer


class State(Word):
    """Where the transaction stands."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class Input(Word):
    """What can happen to it."""

    REQUEST = "request again"
    SEND_1XX = "1xx from TU"
    SEND_FINAL = "200-699 from TU"
    TIMER_J = "timer J"
    ABANDON = "unanswered for 64*T1"


TABLE: Final = StateTable(
    "non-INVITE server transaction",
    {
        (State.TRYING, Input.REQUEST): State.TRYING,
        (State.TRYING, Input.SEND_1XX): State.PROCEEDING,
        (State.TRYING, Input.SEND_FINAL): State.COMPLETED,
        (State.TRYING, Input.ABANDON): State.TERMINATED,
        (State.PROCEEDING, Input.REQUEST): State.PROCEEDING,
        (State.PROCEEDING, Input.SEND_1XX): State.PROCEEDING,
        (State.PROCEEDING, Input.SEND_FINAL): State.COMPLETED,
        (State.PROCEEDING, Input.ABANDON): State.TERMINATED,
        (State.COMPLETED, Input.REQUEST): State.COMPLETED,
        (State.COMPLETED, Input.TIMER_J): State.TERMINATED,
    },
)


class NonInviteServer:
    """One non-INVITE server transaction.

    Args:
        layer: where it lives.
        key: what its request is matched by.
        flow: where its responses go.
        now: monotonic seconds.
    """

    __slots__ = ("_answer", "_layer", "_limit", "flow", "key", "state")

    def __init__(self, layer: Layer, key: Key, flow: Flow, now: float) -> None:
        self._layer = layer
        self.key = key
        self.flow = flow
        self.state = State.TRYING
        self._answer = b""
        self._limit: Timer | None = layer.queue.start(self, Input.ABANDON, layer.give_up_s, now)
        layer.live += 1

    def receive_again(self) -> None:
        """The request was retransmitted: repeat what was answered last."""
        self._step(Input.REQUEST)
        if self._answer:
            self._layer.send(self.flow, self._answer)

    def respond(self, status: int, data: bytes, now: float) -> None:
        """Send a response.

        Args:
            status: its status code; 100, or final and not 408 (RFC 4320 §4.1 and §4.2).
            data: the response as it goes over the wire.
            now: monotonic seconds.

        Raises:
            LocalProtocolError: a final response was sent before, or the status must not be sent.
        """
        if status == 408 or 100 < status < 200:
            raise LocalProtocolError(f"{status} may not answer a request other than INVITE (RFC 4320)")
        self._answer = data
        if self._step(Input.SEND_1XX if status < 200 else Input.SEND_FINAL) is State.COMPLETED:
            self._rest(now)
        self._layer.send(self.flow, data)

    def _rest(self, now: float) -> None:
        layer = self._layer
        layer.queue.stop(self._limit)
        self._limit = None
        layer.live -= 1
        if self.flow.reliable:
            self.expire(Input.TIMER_J, now)
        else:
            layer.queue.lapse(self, Input.TIMER_J, layer.give_up_s, now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        assert isinstance(kind, Input)  # noqa: S101 - narrows for the type checker
        self._step(kind)
        if kind is Input.ABANDON:
            self._layer.live -= 1
        self._layer.forget_server(self.key)

    def _step(self, given: Input) -> State:
        self.state = TABLE.step(self.state, given)
        return self.state


class AnsweredRequest:
    """A non-INVITE server transaction that was answered as soon as its request came.

    It is a :class:`NonInviteServer` born in the Completed state, in which it does nothing but repeat its answer. Most
    of what a switch receives ends so, hence the shortest way there.
    """

    __slots__ = ("_answer", "_layer", "flow", "key")

    def __init__(self, layer: Layer, key: Key, flow: Flow, data: bytes) -> None:
        self._layer = layer
        self.key = key
        self.flow = flow
        self._answer = data

    def receive_again(self) -> None:
        """The request was retransmitted: repeat the answer."""
        self._layer.send(self.flow, self._answer)

    def expire(self, kind: Enum, now: float) -> None:
        """Timer J fired."""
        self._layer.forget_server(self.key)
