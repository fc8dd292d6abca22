"""What a user agent's sessions share: the transaction layer, timers, chance, our addresses, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final

from softswitch.core.alarm import Alarm
from softswitch.core.ids import Entropy
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from softswitch.sip.timers import TimerQueue, Timers
from softswitch.sip.transaction.base import Key
from softswitch.sip.transaction.layer import TransactionLayer
from softswitch.sip.transaction.matching import MAGIC_COOKIE, reply_flow
from softswitch.sip.ua.actions import Action, Send
from softswitch.sip.ua.compose import copied_text, response_octets
from softswitch.sip.ua.ended_dialogs import EndedDialogs
from softswitch.sip.ua.party import InDialog, Party
from softswitch.sip.ua.stranded import StrandedByes

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER"
"""The methods that are understood within a dialog."""
ALLOW_HEADER: Final = ("Allow", ALLOW)
ACCEPT_HEADER: Final = ("Accept", "application/sdp, multipart/mixed")
SDP_HEADER: Final = ("Content-Type", "application/sdp")
SUPPORTED: Final = frozenset({"100rel", "replaces", "timer", "norefersub", "nosub", "tdialog", "eventlist"})
"""Option tags that a peer may require of us."""
SUPPORTED_HEADER: Final = ("Supported", "100rel, replaces, timer")
_FLOWS_REMEMBERED: Final = 4096
_CONTACT_TRANSPORT: Final = {
    "udp": "",
    "tcp": ";transport=tcp",
    "tls": ";transport=tls",
    "ws": ";transport=ws",
    "wss": ";transport=ws",  # RFC 7118 §5.3: the parameter knows one WebSocket
}


class UaCore:
    """The common ground of one user agent.

    Args:
        entropy: where tags, branches and Call-IDs come from.
        address_of: host and port to be written into Via and Contact towards a flow's peer.
        timers: the base values of all timers.
        product: what User-Agent and Server say.
        datagram_octets: larger requests go by streams where the peer takes them; 0: none do.
        send: takes what is to be sent; without it the owner is told.
        alarm: is told when a timer is due.

    Attributes:
        dialogs: sessions that are not over.
        sessions: sessions by Call-ID and our tag.
        subscriptions: subscriptions of peers, by the same.
        ended: dialogs that peers ended just before this process began.
        stranded: BYEs for phones whose connection is gone.
    """

    def __init__(
        self,
        entropy: Entropy,
        address_of: Callable[[Flow], tuple[str, int]],
        timers: Timers,
        product: str,
        datagram_octets: int = 0,
        send: Callable[[Flow, bytes], None] | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.entropy = entropy
        self.timers = timers
        self.queue = TimerQueue(timers, alarm)
        self.send = send or self._tell_to_send
        """Asks for octets to be sent."""
        self.layer = TransactionLayer(timers, self.queue, self.send, datagram_octets=datagram_octets)
        self.dialogs = 0
        self.sessions: dict[tuple[str, str], Party] = {}
        self.subscriptions: dict[tuple[str, str], InDialog] = {}
        self.ended = EndedDialogs(timers.give_up_s)
        self.stranded = StrandedByes(self.queue)
        self.told: list[Action] = []
        # A phone's flow is the same from call to call, and so is what it sees of us.
        self._hops: dict[Flow, str] = {}
        self._contacts: dict[tuple[Flow, str], Header] = {}
        self.user_agent: Header = ("User-Agent", product)
        self.server: Header = ("Server", product)
        self._address_of = address_of
        self._contact_user = product.partition("/")[0]
        self._tag_key = bytes.fromhex(entropy.token(16))

    def _tell_to_send(self, flow: Flow, data: bytes) -> None:
        self.told.append(Send(flow, data))

    def tell(self, action: Action) -> None:
        """Tell the owner something."""
        self.told.append(action)

    def new_tag(self) -> str:
        """Draw a tag."""
        return self.entropy.token(8)

    def new_branch(self) -> str:
        """Draw a branch."""
        return f"{MAGIC_COOKIE}{self.entropy.token(8)}"

    def via(self, flow: Flow, branch: str) -> str:
        """Write the Via of a request of ours."""
        return f"{self._hops.get(flow) or self._new_hop(flow)};branch={branch};rport"

    def _new_hop(self, flow: Flow) -> str:
        if len(self._hops) >= _FLOWS_REMEMBERED:
            self._hops.clear()
        written = self._hops[flow] = f"SIP/2.0/{flow.transport.upper()} {self._host_port(flow)}"
        return written

    def contact(self, flow: Flow, focus: str = "") -> Header:
        """Write our Contact towards a flow's peer, or that of a conference (RFC 4579 §5.1)."""
        return self._contacts.get((flow, focus)) or self._new_contact(flow, focus)

    def _new_contact(self, flow: Flow, focus: str) -> Header:
        if len(self._contacts) >= _FLOWS_REMEMBERED:
            self._contacts.clear()
        transport = _CONTACT_TRANSPORT[flow.transport]
        written = f"<sip:{focus or self._contact_user}@{self._host_port(flow)}{transport}>"
        made = self._contacts[flow, focus] = ("Contact", f"{written};isfocus" if focus else written)
        return made

    def _host_port(self, flow: Flow) -> str:
        host, port = self._address_of(flow)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def steady_tag(self, request: Request) -> str:
        """Return a To tag that every retransmission of a request gets as well (RFC 3261 §8.2.7)."""
        seed = f"{request.call_id} {request.get('From')} {request.get('CSeq')}"
        return blake2b(seed.encode("utf-8", "surrogateescape"), digest_size=8, key=self._tag_key).hexdigest()

    def response_of(
        self, request: Request, status: int, headers: Iterable[Header] = (), body: bytes = b"", to_tag: str = ""
    ) -> bytes:
        """Write a response that needs no session."""
        tag = to_tag or ("" if request.to.tag is not None else self.steady_tag(request))
        return response_octets(status, copied_text(request, tag), (self.server, *headers), body)

    def reply(
        self,
        request: Request,
        flow: Flow,
        status: int,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        to_tag: str = "",
    ) -> None:
        """Answer statelessly."""
        self.send(reply_flow(request, flow), self.response_of(request, status, headers, body, to_tag))

    def answer(
        self,
        request: Request,
        key: Key,
        flow: Flow,
        status: int,
        now: float,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> None:
        """Answer a request once and for all, absorbing its retransmissions."""
        data = self.response_of(request, status, headers, body)
        towards = reply_flow(request, flow)
        if request.method == "INVITE":
            self.layer.serve_invite(key, towards, None).respond(status, data, now)
        else:
            self.layer.answer(key, towards, data, now)
