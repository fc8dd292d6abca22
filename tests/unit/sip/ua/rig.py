"""A user agent in virtual time with a phone's messages written by hand: what goes in and out are octets."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeVar

import msgpack

from softswitch.core.ids import Entropy
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header, Request, Response, response_to
from softswitch.sip.parse import parse_message
from softswitch.sip.ua.actions import Action, RequestArrived, Send
from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.order import InviteOrder
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.snapshot import SessionSnapshot
from softswitch.sip.ua.user_agent import Session, UserAgent
from softswitch.sip.uri import Uri

SWITCH = ("10.0.0.1", 5060)
PHONE = Flow("udp", SWITCH, ("10.0.0.2", 5060))
TCP_PHONE = Flow("tcp", SWITCH, ("10.0.0.2", 40001), 3)
OFFER = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = "v=0\r\no=- 2 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"

ActionT = TypeVar("ActionT")


class Rig:
    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.told: list[Action] = []
        self.sent: list[Request | Response] = []
        self.sends: list[tuple[float, Flow, bytes]] = []
        self._branches = 0
        self.restart()

    def restart(self) -> None:
        """Throw the user agent away, as a crash does."""
        self.ua = UserAgent(
            entropy=Entropy(self.random.randbytes), address_of=lambda flow: flow.local, product="switch/1"
        )

    def drain(self) -> None:
        for action in self.ua.actions():
            if isinstance(action, Send):
                self.sends.append((self.now, action.flow, action.data))
                if action.data.strip():
                    self.sent.append(parse_message(action.data))
            else:
                self.told.append(action)

    def give(self, message: Request | Response | bytes, flow: Flow = PHONE) -> None:
        """Let the phone send something."""
        data = message if isinstance(message, bytes) else message.to_bytes()
        self.ua.receive(data, flow, now=self.now)
        self.drain()

    def run(self, until: float = 1e6) -> None:
        """Let virtual time pass, stopping at each deadline."""
        self.drain()
        while (deadline := self.ua.next_deadline()) is not None and deadline <= until:
            self.now = deadline
            self.ua.handle_timer(now=deadline)
            self.drain()
        if until < 1e6:
            self.now = max(self.now, until)

    # What the phone writes

    def branch(self) -> str:
        self._branches += 1
        return f"z9hG4bKphone{self._branches}"

    def request(
        self,
        method: str,
        *,
        cseq: int = 1,
        branch: str = "",
        to_tag: str = "",
        from_tag: str = "phone",
        call_id: str = "call-1",
        sdp: str = "",
        headers: Iterable[Header] = (),
    ) -> Request:
        to = "<sip:102@switch>" + (f";tag={to_tag}" if to_tag else "")
        fields = [
            ("Via", f"SIP/2.0/UDP 10.0.0.2:5060;branch={branch or self.branch()};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:101@switch>;tag={from_tag}"),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", "<sip:101@10.0.0.2:5060>"),
            *headers,
        ]
        if sdp:
            fields.append(("Content-Type", "application/sdp"))
        return Request(method, "sip:102@switch", fields, sdp.encode())

    def within(
        self, session: Session, method: str, *, cseq: int, sdp: str = "", headers: Iterable[Header] = ()
    ) -> Request:
        """A request of the phone within the session's dialog."""
        dialog = session.dialog
        request = self.request(method, cseq=cseq, call_id=dialog.sip_call_id, sdp=sdp, headers=headers)
        request.set("From", dialog.remote)
        request.set("To", dialog.local)
        return request

    def answer(
        self,
        status: int,
        *,
        to_tag: str = "phone",
        sdp: str = "",
        request: Request | None = None,
        headers: Iterable[Header] = (),
    ) -> Response:
        """The phone's response to our last request of that kind."""
        asked = request or self.last_request()
        fields: list[Header] = [("Contact", "<sip:102@10.0.0.2:5060>"), *headers]
        if sdp:
            fields.append(("Content-Type", "application/sdp"))
        return response_to(asked, status, to_tag=to_tag if status > 100 else "", headers=fields, body=sdp.encode())

    # What came of it

    def last_request(self, method: str = "") -> Request:
        return next(m for m in reversed(self.sent) if isinstance(m, Request) and method in {"", m.method})

    def last_response(self) -> Response:
        return next(m for m in reversed(self.sent) if isinstance(m, Response))

    @property
    def lines(self) -> list[str]:
        return [m.method if isinstance(m, Request) else f"{m.status} {m.cseq.method}" for m in self.sent]

    def take_lines(self) -> list[str]:
        """What was sent since the last call, in short."""
        lines, self.sent = self.lines, []
        return lines

    def take(self, kind: type[ActionT]) -> ActionT:
        """The one thing told since the last call, which is of that kind."""
        told, self.told = self.told, []
        assert [type(action) for action in told] == [kind], told
        only = told[0]
        assert isinstance(only, kind)
        return only

    # Sessions in a given state

    def call_in(self, *, sdp: str = OFFER, flow: Flow = PHONE, headers: Iterable[Header] = ()) -> ServerSession:
        """A call that came in: 100 is sent."""
        self.give(self.request("INVITE", branch="z9hG4bKinvite", sdp=sdp, headers=headers), flow)
        arrived = self.take(RequestArrived)
        session = self.ua.accept_invite(arrived.request, arrived.flow, owner="leg", now=self.now)
        self.drain()
        return session

    def talking_in(self, *, sdp: str = OFFER) -> ServerSession:
        """A call that came in, answered and acknowledged."""
        session = self.call_in(sdp=sdp)
        session.accept(ANSWER, now=self.now)
        self.drain()
        self.give(self.ack(session))
        self.told.clear()
        self.sent.clear()
        return session

    def ack(self, session: ServerSession, cseq: int = 1, sdp: str = "") -> Request:
        return self.within(session, "ACK", cseq=cseq, sdp=sdp)

    def order(
        self, *, sdp: str = OFFER, flow: Flow = PHONE, route: tuple[str, ...] = (), headers: tuple[Header, ...] = ()
    ) -> InviteOrder:
        caller = Address(Uri("sip", "101", "switch"), "Anna")
        return InviteOrder(
            "sip:102@10.0.0.2:5060;transport=UDP",
            flow,
            caller,
            Address(Uri("sip", "102", "switch")),
            sdp,
            route,
            headers,
            69,
        )

    def call_out(self, order: InviteOrder | None = None) -> ClientSession:
        """A call that went out."""
        session = self.ua.invite(order or self.order(), owner="leg", now=self.now)
        self.drain()
        return session

    def talking_out(self) -> ClientSession:
        """A call that went out, answered and acknowledged."""
        session = self.call_out()
        self.give(self.answer(200, sdp=ANSWER))
        self.told.clear()
        self.sent.clear()
        return session

    def resumed(self, session: Session) -> Session:
        """The session in a user agent that knows nothing but its snapshot, carried as plain values."""
        values = msgpack.unpackb(msgpack.packb(session.snapshot().values()), use_list=False)
        self.restart()
        self.sent.clear()
        self.told.clear()
        made = self.ua.restore(SessionSnapshot.from_values(values), owner="leg", now=self.now)
        self.drain()
        return made

    def assert_at_rest(self) -> None:
        """Nothing is alive, and after a while nothing is kept at all."""
        counts = self.ua.counts()
        assert (counts.dialogs, counts.transactions, counts.timers) == (0, 0, 0)
        self.run()
        core = self.ua._core
        assert not core.sessions
        assert not core.layer._servers
        assert not core.layer._clients
        assert not core.layer._merged
        assert not core.layer._waiting
