"""The part of a simulated phone that its calls and its registration stand on: name, address, wire, log, waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final, NamedTuple

from softswitch.core.errors import SimulationError
from softswitch.simulation.network import Address, Network
from softswitch.simulation.phone_digest import Credentials
from softswitch.simulation.phone_exchange import ClientExchange, Exchanges, ServerExchange
from softswitch.simulation.phone_sdp import USUAL_PAYLOADS, Payloads
from softswitch.simulation.phone_wire import Wire
from softswitch.simulation.streams import StreamNetwork
from softswitch.simulation.waiting import Waiting
from softswitch.sip.message import Request, Response

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"


class Account(NamedTuple):
    """Who the phone is."""

    user: str
    password: str
    domain: str
    display_name: str = ""


class Incoming(Enum):
    """What the phone does by itself when it is called."""

    RING = "ring"
    SILENT = "silent"
    """Says 100 and no more, until somebody acts."""
    ANSWER = "answer"
    BUSY = "busy"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Habits:
    """In what this phone differs from others."""

    incoming: Incoming = Incoming.RING
    payloads: Payloads = USUAL_PAYLOADS
    rport: bool = True
    """Asks for the answer at the source port (RFC 3581)."""
    transport_in_capitals: bool = False
    """Writes ``transport=UDP`` into its Contact."""
    instance: str = ""
    """Its ``+sip.instance``, a UUID; empty for a phone that has none."""
    algorithm: str = "MD5"
    reuse_nonce: bool = True
    answers_itself: bool = False
    """Takes a call by itself whose INVITE asks for that."""
    answers_to: tuple[str, str] = ("Call-Info", "answer-after=0")
    """The header that asks for it, and what must stand in it."""
    takes_talk: bool = False
    """Lets itself be told to answer: says so in its 180 (``Event: talk``)."""
    user_agent: str = "SimulatedPhone/1.0"
    contact_user: str = ""
    """The user of its Contact where that is not its extension."""
    contact_parameters: str = ""
    """What its Contact says in REGISTER behind the address."""
    takes_update: bool = False
    """Names UPDATE in its Allow."""
    act_after_s: float = 0.0
    """How slow it is to do what ``incoming`` says."""
    srtp: str = ""
    """``optional`` or ``required``: it writes and takes keys of SRTP; empty: it knows none."""


_USUAL: Final = Habits()


class LogLine(NamedTuple):
    """One message as the phone's owner sees it: repeated ones are left out."""

    at_s: float
    sent: bool
    what: str
    """A method, or a status and the method that it answers."""

    def __str__(self) -> str:
        return f"{'>' if self.sent else '<'} {self.what}"


class PhoneCore:
    """Who a phone is, how it speaks and what it saw; :class:`softswitch.simulation.phone.SimulatedPhone` has the rest.

    Attributes:
        log: the messages it sent and received, repeated ones left out.
        last_response: the last final answer to a request of ours.
        wire: its side of the network; ``wire.pings`` counts the keep-alives that came.
    """

    def __init__(
        self,
        network: Network,
        streams: StreamNetwork,
        address: Address,
        account: Account,
        server: Address,
        *,
        transport: str = "udp",
        habits: Habits | None = None,
        name: str = "",
    ) -> None:
        self.network = network
        self.account = account
        self.server = server
        self.habits = habits or _USUAL
        self.name = name or account.user
        self.random = Random(f"{account.user}@{address}")  # noqa: S311  # a reproducible run is wanted
        self.credentials = Credentials(
            account.user,
            account.password,
            algorithm=self.habits.algorithm,
            reuse_nonce=self.habits.reuse_nonce,
        )
        self.log: list[LogLine] = []
        self.last_response: Response | None = None
        self._streams = streams
        self._transport = transport
        self._waiting = Waiting(network.loop)
        self.changed = self._waiting.changed
        """Wakes whoever waits for this phone."""
        self._media_port = 4000
        self._plug_in(address)

    def _plug_in(self, address: Address) -> None:
        self.address = address
        self.wire = Wire(
            self.network,
            self._streams,
            address,
            self.server,
            transport=self._transport,
            on_message=lambda message, source: self._exchanges.receive(message, source),
        )
        self._exchanges = Exchanges(self.network.loop, self.wire, self._requested, self._note_sent)

    def _requested(self, exchange: ServerExchange) -> None:
        """Take a new request; the phone proper knows what to do."""
        raise NotImplementedError

    # What the phone is made of

    @property
    def _written_host(self) -> str:
        """The address as URIs and Via have it: IPv6 in brackets."""
        host = self.address[0]
        return f"[{host}]" if ":" in host else host

    @property
    def contact_uri(self) -> str:
        """The URI in its Contact, with the address that the phone itself believes it has."""
        host, port = self._written_host, self.address[1]
        transport = {"tcp": ";transport=tcp", "udp": ""}[self._transport]
        if self.habits.transport_in_capitals:
            transport = f";transport={self._transport.upper()}"
        return f"sip:{self.habits.contact_user or self.account.user}@{host}:{port}{transport}"

    @property
    def contact(self) -> str:
        """Its Contact header, as in every request."""
        return f"<{self.contact_uri}>"

    def via(self) -> str:
        """Return a Via with a branch of its own."""
        rport = ";rport" if self.habits.rport else ""
        host, port = self._written_host, self.address[1]
        return f"SIP/2.0/{self._transport.upper()} {host}:{port};branch=z9hG4bK{self.tag()}{rport}"

    def tag(self) -> str:
        """Return a random token."""
        return f"{self.random.getrandbits(64):016x}"

    def take_media_port(self) -> int:
        """Return the next even port for a call's RTP."""
        self._media_port += 2
        return self._media_port

    # Waiting

    async def until(self, condition: Callable[[], bool], what: str, *, limit_s: float = 60.0) -> None:
        """Wait until something holds of this phone.

        Raises:
            SimulationError: the limit of virtual time passed; the text has the phone's log.
        """
        if not await self._waiting.until(condition, limit_s=limit_s):
            raise SimulationError(
                f"{self.name} waited {limit_s} s for {what}\n{self.written_log()}\n{self.network.written_trace()}"
            )

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)

    def written_log(self) -> str:
        """Return the log as text."""
        return "\n".join(f"{line.at_s:10.3f} {line}" for line in self.log)

    # Sending

    @contextmanager
    def _unlogged(self) -> Iterator[None]:
        """Leave what happens out of the log."""
        kept = len(self.log)
        yield
        del self.log[kept:]

    def _note(self, message: Request | Response, *, sent: bool) -> None:
        what = message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
        self.log.append(tuple.__new__(LogLine, (self.network.loop.time(), sent, what)))  # half the time of calling it
        self.changed()

    def _note_sent(self, response: Response) -> None:
        self._note(response, sent=True)

    def send(self, request: Request, *, again: bool = False) -> None:
        """Send a request that takes no answer (ACK); one that is sent again is not logged."""
        if not again:
            self._note(request, sent=True)
        self.wire.send(request, self.server)

    def start(self, request: Request, on_response: Callable[[Response], None]) -> ClientExchange:
        """Send a request once and see it through."""
        self._note(request, sent=True)

        def answered(response: Response) -> None:
            if response.status < 200 or response is exchange.final:
                self._note(response, sent=False)
            on_response(response)

        exchange = self._exchanges.start(request, self.server, answered)
        return exchange

    def outside_request(self, method: str, uri: str, to: str, call_id: str, cseq: int) -> Request:
        """Build a request outside of any dialog."""
        name = f'"{self.account.display_name}" ' if self.account.display_name else ""
        return Request(
            method,
            uri,
            [
                ("Via", self.via()),
                ("Max-Forwards", "70"),
                ("From", f"{name}<sip:{self.account.user}@{self.account.domain}>;tag={self.tag()}"),
                ("To", to),
                ("Call-ID", call_id),
                ("CSeq", f"{cseq} {method}"),
                ("User-Agent", self.habits.user_agent),
                ("Allow", ALLOW),
            ],
        )

    def later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back unless the phone was unplugged meanwhile."""
        return self._exchanges.later(delay_s, callback)
