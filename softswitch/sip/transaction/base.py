"""What the four machines share: the layer they live in, the users they report to, and how they come to rest.

A machine is *live* as long as it can still change a call. Once it only absorbs retransmissions it lets go of its user
and of every message, keeps the octets it may have to send again, and waits for its last timer.
"""

from __future__ import annotations

from typing import Protocol

from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.timers import TimerQueue, Timers

Key = tuple[str, str]
"""What messages are matched by: the branch with whatever must equal as well, and the method."""
MergeKey = tuple[str, str, int]
"""Call-ID, From tag and CSeq number: what a request keeps on every way that a forking proxy sends it."""


class Machine(Protocol):
    """A transaction, as its layer sees it."""

    @property
    def key(self) -> Key:
        """What its messages are matched by."""
        ...

    @property
    def flow(self) -> Flow:
        """Where it sends."""
        ...

    def fail(self, now: float) -> None:
        """The transport failed."""
        ...

    def go_by(self, flow: Flow, now: float) -> bool:
        """Send the request another way, unless an answer has come on the first; tell whether it was."""
        ...


class Layer(Protocol):
    """Where a machine lives."""

    timers: Timers
    give_up_s: float
    queue: TimerQueue
    live: int

    def send(self, flow: Flow, data: bytes) -> None:
        """Send octets."""
        ...

    def forget_server(self, key: Key) -> None:
        """Take a terminated server transaction out of the tables."""
        ...

    def forget_merged(self, merge_key: MergeKey) -> None:
        """Forget what the twins of a terminated INVITE are known by."""
        ...

    def forget_client(self, key: Key) -> None:
        """Take a terminated client transaction out of the tables."""
        ...

    def rest(self, client: Machine, flow: Flow, counted: int = 1) -> None:
        """Note that a client transaction, if it was counted, waits for nothing any more: it is not live."""
        ...


class ClientUser(Protocol):
    """Who sent the request of a client transaction (its TU, RFC 3261 §17)."""

    def responded(self, response: Response, now: float) -> None:
        """A response came: every provisional one, and the final ones that RFC 3261 and RFC 6026 let through."""
        ...

    def timed_out(self, now: float) -> None:
        """Timer B or F fired: nobody answers."""
        ...

    def unreachable(self, now: float) -> None:
        """The transport failed."""
        ...


class ServerUser(Protocol):
    """Who answers an INVITE server transaction."""

    @property
    def local_tag(self) -> str:
        """The To tag of its responses."""
        ...

    def cancelled(self, now: float) -> None:
        """A CANCEL came and is answered (RFC 3261 §9.2)."""
        ...

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        """An ACK came that carries the branch of the INVITE although the answer was a 2xx (RFC 6026 §7.1)."""
        ...


def doubled(interval_s: float, most_s: float) -> float:
    """Return the next retransmission interval."""
    return min(2 * interval_s, most_s)
