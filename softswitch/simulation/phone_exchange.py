"""A simulated phone's transactions (RFC 3261 §17), small and by themselves.

An exchange is one request and its answers. Over UDP it repeats what was not answered, by the RFC's timers; it takes
repeated messages of the other end, answers them again and tells nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from softswitch.simulation.network import Address
from softswitch.simulation.phone_wire import Wire
from softswitch.sip.message import Header, Request, Response, response_to

T1_S: Final = 0.5
T2_S: Final = 4.0
LIMIT_S: Final = 64 * T1_S

OnResponse = Callable[[Response], None]


class ClientExchange:
    """A request of ours."""

    def __init__(self, table: Exchanges, request: Request, target: Address, on_response: OnResponse) -> None:
        self.request = request
        self.proceeding = False
        """Whether a provisional answer came, so that CANCEL may be sent (§9.1)."""
        self.final: Response | None = None
        self._table = table
        self._target = target
        self._on_response = on_response
        self._wait_s = T1_S
        self._last_status = 0
        self._again: asyncio.TimerHandle | None = None
        self._limit: asyncio.TimerHandle | None = None

    @property
    def _is_invite(self) -> bool:
        return self.request.method == "INVITE"

    def start(self) -> None:
        """Send the request and begin to wait."""
        self._transmit()
        self._limit = self._table.later(LIMIT_S, self._give_up)

    def _transmit(self) -> None:
        self._table.wire.send(self.request, self._target)
        if not self._table.wire.reliable:
            self._again = self._table.later(self._wait_s, self._transmit)
            self._wait_s = self._wait_s * 2 if self._is_invite else min(self._wait_s * 2, T2_S)

    def _stop(self) -> None:
        for handle in (self._again, self._limit):
            if handle is not None:
                handle.cancel()

    def _give_up(self) -> None:
        """Make up the answer that never came (§8.1.3.1)."""
        self._stop()
        if self.final is None:
            self.final = response_to(self.request, 408)
            self._on_response(self.final)

    def receive(self, response: Response) -> None:
        """Take an answer; a repeated one is told to the owner only where it is a 2xx to INVITE, which wants an ACK."""
        repeated = response.status == self._last_status or self.final is not None
        self._last_status = response.status
        if response.status >= 300 and self._is_invite:
            self._acknowledge(response)
        if response.status < 200:
            self._provisional()
        elif self.final is None:
            self.final = response
            self._stop()
        if not repeated or (self._is_invite and 200 <= response.status < 300):
            self._on_response(response)

    def _provisional(self) -> None:
        self.proceeding = True
        if self._is_invite:
            self._stop()
        else:
            self._wait_s = T2_S

    def _acknowledge(self, response: Response) -> None:
        """Send the ACK of a refused INVITE: same branch, the answer's To (§17.1.1.3)."""
        kept = [pair for pair in self.request.headers if pair[0] in {"From", "Call-ID", "Max-Forwards", "Route"}]
        top = ("Via", self.request.get_all("Via")[0])
        number = f"{self.request.cseq.number} ACK"
        headers = [top, *kept, ("To", response.get("To") or ""), ("CSeq", number)]
        self._table.wire.send(Request("ACK", self.request.uri, headers), self._target)


class ServerExchange:
    """A request to us."""

    def __init__(self, table: Exchanges, request: Request, source: Address) -> None:
        self.request = request
        self.source = source
        self.last: Response | None = None
        self.on_acknowledged: Callable[[Request], None] | None = None
        self.on_not_acknowledged: Callable[[], None] | None = None
        self._table = table
        self._wait_s = T1_S
        self._again: asyncio.TimerHandle | None = None
        self._limit: asyncio.TimerHandle | None = None

    def respond(
        self, status: int, *, to_tag: str = "", headers: tuple[Header, ...] = (), body: bytes = b""
    ) -> Response:
        """Answer; a final answer to INVITE is repeated until its ACK comes."""
        self.last = response_to(self.request, status, to_tag=to_tag, headers=headers, body=body)
        self._table.wire.send(self.last, self.source)
        if self.request.method == "INVITE" and status >= 200:
            self._limit = self._table.later(LIMIT_S, self._give_up)
            if status < 300 or not self._table.wire.reliable:
                self._again = self._table.later(self._wait_s, self._repeat)
        self._table.on_sent(self.last)
        return self.last

    def _repeat(self) -> None:
        self.send_again()
        self._wait_s = min(self._wait_s * 2, T2_S)
        self._again = self._table.later(self._wait_s, self._repeat)

    @property
    def unacknowledged(self) -> bool:
        """Whether a final answer to INVITE waits for its ACK."""
        return self._limit is not None

    def send_again(self) -> None:
        """Answer a repeated request as before."""
        if self.last is not None:
            self._table.wire.send(self.last, self.source)

    def acknowledge(self, request: Request) -> None:
        """Take the ACK; only the first is told."""
        if self.unacknowledged:
            self._stop()
            self._limit = None
            if self.on_acknowledged is not None:
                self.on_acknowledged(request)

    def _stop(self) -> None:
        for handle in (self._again, self._limit):
            if handle is not None:
                handle.cancel()

    def _give_up(self) -> None:
        self._stop()
        self._limit = None
        if self.on_not_acknowledged is not None:
            self.on_not_acknowledged()


class Exchanges:
    """All exchanges of one phone.

    Args:
        loop: whose timers are used.
        wire: by which messages leave.
        on_request: called with each new request; an ACK of a 2xx among them, which takes no answer.
        on_sent: called with each answer of ours that is new, for the log.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wire: Wire,
        on_request: Callable[[ServerExchange], None],
        on_sent: Callable[[Response], None],
    ) -> None:
        self.wire = wire
        self._loop = loop
        self._on_request = on_request
        self.on_sent = on_sent
        self._clients: dict[tuple[str, str], ClientExchange] = {}
        self._servers: dict[tuple[str, str, str], ServerExchange] = {}
        self._stopped = False

    def later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back unless the phone was taken off the network meanwhile."""
        return self._loop.call_later(delay_s, self._call_back, callback)

    def _call_back(self, callback: Callable[[], None]) -> None:
        if not self._stopped:
            callback()

    def stop(self) -> None:
        """Forget everything: the plug was pulled."""
        self._stopped = True

    def start(self, request: Request, target: Address, on_response: OnResponse) -> ClientExchange:
        """Send a request and see it through."""
        exchange = ClientExchange(self, request, target, on_response)
        self._clients[request.via.branch, request.method] = exchange
        exchange.start()
        return exchange

    def receive(self, message: Request | Response, source: Address) -> None:
        """Take a message from the wire."""
        if self._stopped:
            return
        if isinstance(message, Response):
            client = self._clients.get((message.via.branch, message.cseq.method))
            if client is not None:
                client.receive(message)
            return
        self._receive_request(message, source)

    def _receive_request(self, request: Request, source: Address) -> None:
        method = "INVITE" if request.method == "ACK" else request.method
        key = (request.via.branch, request.via.sent_by, method)
        known = self._servers.get(key)
        if known is None:
            exchange = ServerExchange(self, request, source)
            if request.method != "ACK":
                self._servers[key] = exchange
            self._on_request(exchange)
        elif request.method == "ACK":
            known.acknowledge(request)
        else:
            known.send_again()

    def server_of(self, cancel: Request) -> ServerExchange | None:
        """Return the INVITE that a CANCEL is meant for (§9.2)."""
        return self._servers.get((cancel.via.branch, cancel.via.sent_by, "INVITE"))
