"""How soon 300 lamps of one extension follow it: from the phone's 180, and its 200, to the last NOTIFY of all.

Usage: python -m bench.lamps [--lamps N] [--runs N]

The subscribers are dialogs on one UDP socket, each with its own SUBSCRIBE and digest, and answer each NOTIFY at once.
The requirement: all are told within 200 ms.
"""

from __future__ import annotations

import argparse
import re
import select
import socket
import time
from collections.abc import Callable

from bench.measuring import cpu_by_process, interleaved, report
from bench.sip_load import CALLEE, CALLER, SWITCH, USERS, running_switch
from softswitch.sip.auth import authorize
from softswitch.sip.message import Message, Request, Response, response_to
from softswitch.sip.parse import parse_message

LAMPS = ("127.0.60.11", 5060)
SERVER = (SWITCH, 5060)
OFFER = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


class Peer:
    """One socket that speaks SIP by hand."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(address)
        self._socket.setblocking(False)
        self._count = time.monotonic_ns()

    def fileno(self) -> int:
        """Let it be waited for."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, message: Message) -> None:
        """Send to the switch."""
        self._socket.sendto(message.to_bytes(), SERVER)

    def read(self) -> list[Request | Response]:
        """Return what has come."""
        found: list[Request | Response] = []
        while True:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                return found
            if data.strip():
                found.append(parse_message(data))

    def request(
        self, method: str, user: int, to: str, call_id: str, cseq: int, *more: tuple[str, str], body: str = ""
    ) -> Request:
        """Write a request outside of a dialog."""
        self._count += 1
        host, port = self.address
        uri = f"sip:{to}@softswitch.local"
        fields = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self._count};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:{user}@softswitch.local>;tag={call_id}"),
            ("To", f"<{uri}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:{user}@{host}:{port}>"),
            *more,
        ]
        return Request(method, uri, fields, body.encode())


def until(
    peers: list[Peer], take: Callable[[Peer, Request | Response], bool], what: str, limit_s: float = 20.0
) -> float:
    """Let messages come until one is what is waited for; return when that was."""
    deadline = time.perf_counter() + limit_s
    while (left := deadline - time.perf_counter()) > 0:
        for peer in select.select(peers, [], [], left)[0]:
            for message in peer.read():
                if take(peer, message):
                    return time.perf_counter()
    raise RuntimeError(f"no {what} in {limit_s} s")


def proved(peer: Peer, method: str, user: int, to: str, call_id: str, *more: tuple[str, str]) -> None:
    """Send a request that is challenged, and again with its answer, until it is taken."""
    state = {"cseq": 1}
    peer.send(peer.request(method, user, to, call_id, 1, *more))

    def take(_: Peer, message: Request | Response) -> bool:
        if isinstance(message, Request):
            peer.send(response_to(message, 200))
            return False
        if message.call_id != call_id or message.status < 200:
            return False
        if message.status == 401 and state["cseq"] == 1:
            state["cseq"] = 2
            uri = f"sip:{to}@softswitch.local"
            value = authorize(
                message.get("WWW-Authenticate") or "", str(user), f"secret-{user}", method, uri, cnonce="c"
            )
            peer.send(peer.request(method, user, to, call_id, 2, *more, ("Authorization", value)))
            return False
        if message.status >= 300:
            raise RuntimeError(message.start_line())
        return True

    until([peer], take, f"answer to {method}")


class Desk:
    """A phone that is called, a caller, and everybody's lamps.

    Args:
        lamps: how many.
    """

    def __init__(self, lamps: int) -> None:
        self.lamps = lamps
        self.phone, self.caller, self.watchers = Peer((CALLEE, 5070)), Peer((CALLER, 5090)), Peer(LAMPS)
        self._run = 0

    def begin(self) -> None:
        """Register the phone, and let everybody subscribe."""
        proved(self.phone, "REGISTER", 2000, "2000", "reg", ("Expires", "3600"))
        wants = (("Event", "dialog"), ("Expires", "3600"), ("Accept", "application/dialog-info+xml"))
        for number in range(self.lamps):
            proved(self.watchers, "SUBSCRIBE", 2001 + number % (USERS - 1), "2000", f"lamp{number}", *wants)
        self._settle()

    def _settle(self) -> None:
        """Answer what still comes."""
        deadline = time.perf_counter() + 1.0
        while time.perf_counter() < deadline:
            for peer in (self.watchers, self.caller, self.phone):
                for message in peer.read():
                    self._serve(peer, message)
            time.sleep(0.01)

    def call(self) -> dict[str, float]:
        """Call the phone, let it ring, answer and hang up; return how long each change took to be told to all."""
        self._run += 1
        call_id = f"call{self._run}-{time.monotonic_ns()}"
        offer = OFFER.format(CALLER)
        body = (("Content-Type", "application/sdp"),)
        self.caller.send(self.caller.request("INVITE", 5, "5000", call_id, 1, *body, body=offer))
        invites: list[Request] = []

        def rung(peer: Peer, message: Request | Response) -> bool:
            self._serve(peer, message)
            if peer is self.phone and isinstance(message, Request) and message.method == "INVITE":
                invites.append(message)
                return True
            return False

        until([self.phone, self.watchers, self.caller], rung, "INVITE")
        [invite] = invites
        contact = ("Contact", f"<sip:2000@{CALLEE}:5070>")
        ringing = self._told("early", response_to(invite, 180, to_tag="p", headers=(contact,)))
        answer = OFFER.format(CALLEE)
        accepted = response_to(invite, 200, to_tag="p", headers=(contact, *body), body=answer.encode())
        answered = self._told("confirmed", accepted)
        host, port = CALLEE, 5070
        fields = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bKbye{self._run}"),
            ("Max-Forwards", "70"),
            ("From", f"{invite.get('To')};tag=p"),
            ("To", invite.get("From") or ""),
            ("Call-ID", invite.call_id),
            ("CSeq", "1 BYE"),
        ]
        over = self._told("terminated", Request("BYE", str(invite.contacts[0].uri), fields))
        self._settle()
        return {"ringing_ms": ringing, "answered_ms": answered, "over_ms": over}

    def _serve(self, peer: Peer, message: Request | Response) -> None:
        """Answer as a phone does: NOTIFY and BYE with 200, the 200 to INVITE with ACK."""
        if isinstance(message, Request):
            if message.method in {"NOTIFY", "BYE"}:
                peer.send(response_to(message, 200))
        elif message.status == 200 and message.cseq.method == "INVITE":
            ack = peer.request("ACK", 5, "5000", message.call_id, 1)
            ack.set("To", message.get("To") or "")
            peer.send(ack)

    def _told(self, state: str, sent: Request | Response) -> float:
        """Let the phone send something; return the milliseconds until every lamp was told of that state."""
        told: set[str] = set()
        self.phone.send(sent)
        began = time.perf_counter()

        def take(peer: Peer, message: Request | Response) -> bool:
            self._serve(peer, message)
            if peer is self.watchers and isinstance(message, Request):
                shown = re.findall(rb"<state>(\w+)</state>", message.body)
                if state.encode() in shown and (state != "terminated" or set(shown) == {b"terminated"}):
                    told.add(message.call_id)
            return len(told) == self.lamps

        return 1000 * (until([self.phone, self.watchers, self.caller], take, f"{state} of all") - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lamps", type=int, default=300)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with running_switch() as (_, pids):
        desk = Desk(options.lamps)
        desk.begin()
        desk.call()

        def call() -> dict[str, float]:
            before = cpu_by_process(pids)["brain"]
            found = desk.call()
            return {**found, "brain_cpu_ms": 1000 * (cpu_by_process(pids)["brain"] - before)}

        report("lamps", interleaved(options.runs, {"told": call}))


if __name__ == "__main__":
    main()
