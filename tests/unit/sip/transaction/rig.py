"""A transaction layer in virtual time that notes what it sends and when, and a user that notes what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from softswitch.core.errors import LocalProtocolError
from softswitch.core.state_table import StateTable
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.timers import TimerQueue, Timers
from softswitch.sip.transaction.layer import TransactionLayer

UDP = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5060))
TCP = Flow("tcp", ("127.0.0.1", 5060), ("127.0.0.2", 40000), 1)

StateT = TypeVar("StateT", bound=Enum)
InputT = TypeVar("InputT", bound=Enum)


class Rig:
    def __init__(self, timers: Timers | None = None) -> None:
        self.now = 0.0
        self.sent: list[tuple[float, bytes]] = []
        self.flows: list[Flow] = []
        timers = timers or Timers(no_hurry_s=0.0)
        self.queue = TimerQueue(timers)
        self.layer = TransactionLayer(timers, self.queue, self._send)

    def _send(self, flow: Flow, data: bytes) -> None:
        self.sent.append((self.now, data))
        self.flows.append(flow)

    def run(self, until: float = 1e6) -> None:
        """Let virtual time pass, stopping at each deadline."""
        while (deadline := self.queue.next_deadline()) is not None and deadline <= until:
            self.now = deadline
            self.queue.fire(deadline)
        self.now = max(self.now, until) if until < 1e6 else self.now

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.sent]

    @property
    def first_lines(self) -> list[str]:
        return [data.split(b"\r\n")[0].decode() for _, data in self.sent]

    @property
    def is_empty(self) -> bool:
        return not (self.layer._servers or self.layer._clients or self.layer._waiting or self.layer._merged)


@dataclass(eq=False)
class User:
    """Both kinds of users at once."""

    rig: Rig
    told: list[tuple[float, str]] = field(default_factory=list)
    local_tag: str = "us"

    def _note(self, what: str) -> None:
        self.told.append((self.rig.now, what))

    def responded(self, response: Response, now: float) -> None:
        self._note(str(response.status))

    def timed_out(self, now: float) -> None:
        self._note("timed out")

    def unreachable(self, now: float) -> None:
        self._note("unreachable")

    def acknowledged(self, request: Request, flow: Flow, now: float) -> None:
        self._note("ACK")

    def cancelled(self, now: float) -> None:
        self._note("CANCEL")


def invite(method: str = "INVITE", branch: str = "z9hG4bKx", cseq: int = 1) -> Request:
    return Request(
        method,
        "sip:bob@127.0.0.2",
        [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("Route", "<sip:proxy;lr>"),
            ("From", "<sip:alice@127.0.0.1>;tag=a"),
            ("To", "<sip:bob@127.0.0.2>"),
            ("Call-ID", "c1"),
            ("CSeq", f"{cseq} {method}"),
        ],
    )


def response(status: int, to_tag: str = "b", method: str = "INVITE", branch: str = "z9hG4bKx") -> Response:
    return Response(
        status,
        headers=[
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch={branch};rport"),
            ("From", "<sip:alice@127.0.0.1>;tag=a"),
            ("To", f"<sip:bob@127.0.0.2>;tag={to_tag}"),
            ("Call-ID", "c1"),
            ("CSeq", f"1 {method}"),
        ],
    )


def walk(
    table: StateTable[StateT, InputT],
    states: Iterable[StateT],
    inputs: Iterable[InputT],
    try_pair: Callable[[StateT, InputT], StateT],
) -> None:
    """Try every input in every state on a real machine: a listed pair leads where it shall, any other is an error."""
    inputs = list(inputs)
    for state in states:
        for given in inputs:
            if table.allows(state, given):
                assert try_pair(state, given) is table.step(state, given), (state, given)
                continue
            try:
                after = try_pair(state, given)
            except LocalProtocolError:
                continue
            raise AssertionError(f"{given} in {state} should be an error, and led to {after}")
