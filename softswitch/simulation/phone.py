"""A simulated desk phone that speaks real SIP octets.

It is written apart from :mod:`softswitch.sip.ua` on purpose: the two ends of a test shall not share a
misunderstanding. Of the product it uses the message class and the parser alone. Waiting is done in virtual time, and
every wait has a limit.
"""

from __future__ import annotations

from softswitch.core.errors import SimulationError
from softswitch.simulation.network import Address, Network
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import ALLOW, Account, Habits, Incoming, PhoneCore
from softswitch.simulation.phone_events import Referring, Watching
from softswitch.simulation.phone_exchange import ServerExchange
from softswitch.simulation.phone_registration import Registration
from softswitch.simulation.phone_request import Attempt
from softswitch.simulation.streams import StreamNetwork
from softswitch.sip.message import Header, Request


class SimulatedPhone(PhoneCore):
    """One phone with one account; see the methods for what its owner can do.

    Args:
        network: the network of datagrams.
        streams: the network of streams.
        address: its host and SIP port.
        account: its user, password and domain.
        server: where it registers and sends its requests.
        transport: ``udp`` or ``tcp``.
        habits: its peculiarities.
        name: what error texts call it.
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
        super().__init__(network, streams, address, account, server, transport=transport, habits=habits, name=name)
        self.plugged_in = True
        self.calls: list[Call] = []
        self.watches: list[Watching] = []
        self.messages: list[tuple[str, str]] = []
        """Who wrote, and what; each once."""
        self.events: list[str] = []
        """The Event headers of NOTIFYs outside of dialogs."""
        self.asked_by: list[Request] = []
        """Requests outside of dialogs."""
        self.message_status = 200
        """What it answers to MESSAGE."""
        self._read_already: set[str] = set()
        self.registration = Registration(self)

    @property
    def call(self) -> Call:
        """The last call.

        Raises:
            SimulationError: there was none.
        """
        if not self.calls:
            raise SimulationError(f"{self.name} has no call")
        return self.calls[-1]

    @property
    def reasons(self) -> list[str]:
        """The Reason headers of all calls, in order."""
        return [reason for call in self.calls for reason in call.reasons]

    async def until_called(self, *, times: int = 1, limit_s: float = 60.0) -> Call:
        """Wait until the phone was called so many times in all, and return its last call."""
        await self.until(
            lambda: sum(not call.outgoing for call in self.calls) >= times, "an incoming call", limit_s=limit_s
        )
        return self.call

    # What its owner does

    async def register(self, expires_s: int = 3600, *, keep: bool = False) -> int:
        """Register (see :meth:`Registration.register`); returns the final status."""
        return await self.registration.register(expires_s, keep=keep)

    async def unregister(self) -> int:
        """Unregister this phone; returns the final status."""
        return await self.registration.unregister()

    async def watch(self, number: str, package: str = "dialog", *, headers: tuple[Header, ...] = ()) -> Watching:
        """Subscribe to something of a number; returns when the SUBSCRIBE is answered."""
        watching = Watching(self, number, package, headers)
        self.watches.append(watching)
        await watching.subscribe()
        return watching

    async def refer(self, refer_to: str, *, uri: str = "", headers: tuple[Header, ...] = ()) -> Referring:
        """Ask by REFER outside of any dialog; returns when it is answered.

        Args:
            refer_to: the URI of who is meant.
            uri: who is asked; ourselves unless given.
            headers: further headers.
        """
        account = self.account
        referring = Referring(self, uri or f"sip:{account.user}@{account.domain}", f"<{refer_to}>", headers)
        self.watches.append(referring)
        await referring.ask()
        return referring

    async def say(self, number: str, text: str) -> int:
        """Write somebody a message (RFC 3428); returns the final status."""
        uri, name = f"sip:{number}@{self.account.domain}", self.tag()

        def build() -> Request:
            request = self.outside_request("MESSAGE", uri, f"<{uri}>", name, 1)
            request.add("Content-Type", "text/plain;charset=utf-8")
            request.body = text.encode()
            return request

        return (await Attempt(self, build).final).status

    async def dial(self, number: str, *, offer: bool = True, headers: tuple[Header, ...] = ()) -> Call:
        """Dial a number, or a URI; returns the call as soon as its INVITE, with these headers too, is on its way."""
        local = f'"{self.account.display_name}" ' if self.account.display_name else ""
        local += f"<sip:{self.account.user}@{self.account.domain}>;tag={self.tag()}"
        remote = f"<{number}>" if number.startswith("sip:") else f"<sip:{number}@{self.account.domain}>"
        call = Call(
            self, outgoing=True, sip_call_id=f"{self.tag()}@{self.address[0]}", local_party=local, remote_party=remote
        )
        self.calls.append(call)
        call.place(number, offer=offer, headers=headers)
        return call

    async def options(self) -> int:
        """Ask the server whether it lives; returns the status."""
        domain = self.account.domain
        request = self.outside_request("OPTIONS", f"sip:{domain}", f"<sip:{domain}>", self.tag(), 1)
        return (await Attempt(self, lambda: request).final).status

    def _requested(self, exchange: ServerExchange) -> None:
        request = exchange.request
        watching = self._watch_of(request)
        if watching is not None:
            with self._unlogged():
                watching.take_notify(exchange)
            return
        call = self._call_of(request)
        if request.method == "BYE" and call is not None and call.ended_by == "there":
            with self._unlogged():  # said again by a brain that did not know whether it had said it
                call.receive(exchange)
            return
        if request.method != "ACK" or (call is not None and call.awaits(request)):
            self._note(request, sent=False)
        if request.method == "CANCEL":
            self._cancelled(exchange)
        elif call is not None:
            call.receive(exchange)
        elif request.method == "INVITE" and request.to.tag is None:
            self.asked_by.append(request)
            self._called(exchange)
        elif request.method != "ACK":
            self._asked_outside(exchange)

    def _asked_outside(self, exchange: ServerExchange) -> None:
        """Take a request that belongs to no call."""
        request = exchange.request
        self.asked_by.append(request)
        if request.to.tag is not None:
            exchange.respond(481, to_tag=self.tag())
        elif request.method == "MESSAGE":
            self._read(exchange)
        elif request.method in {"OPTIONS", "NOTIFY"}:
            self.events += [request.get("Event") or ""] if request.method == "NOTIFY" else []
            self.changed()
            exchange.respond(200, to_tag=self.tag(), headers=(("Allow", ALLOW),))
        else:
            exchange.respond(481, to_tag=self.tag())

    def _watch_of(self, request: Request) -> Watching | None:
        if request.method != "NOTIFY":
            return None
        return next((one for one in self.watches if one.is_of(request)), None)

    def _read(self, exchange: ServerExchange) -> None:
        request = exchange.request
        if self.message_status == 200 and request.call_id not in self._read_already:
            self._read_already.add(request.call_id)
            self.messages.append((request.from_.uri.user, request.body.decode()))
        exchange.respond(self.message_status, to_tag=self.tag())
        self.changed()

    def _call_of(self, request: Request) -> Call | None:
        if request.to.tag is None:
            return None
        return next((call for call in self.calls if call.is_of(request.call_id, request.to.tag)), None)

    def _cancelled(self, exchange: ServerExchange) -> None:
        invite = self._exchanges.server_of(exchange.request)
        call = next((call for call in self.calls if invite is not None and call.invite_exchange is invite), None)
        if call is None:
            exchange.respond(481, to_tag=self.tag())
        else:
            call.take_cancel(exchange)

    def _called(self, exchange: ServerExchange) -> None:
        call = Call(self, outgoing=False, sip_call_id=exchange.request.call_id, local_party="", remote_party="")
        self.calls.append(call)
        call.arrive(exchange)
        exchange.respond(100)
        self.changed()
        if call.answer_to_remote() is None:
            call.reject(488)
            return
        if self.habits.act_after_s:
            self._exchanges.later(self.habits.act_after_s, lambda: self._act(call))
        else:
            self._act(call)

    def _act(self, call: Call) -> None:
        """Do what this phone does by itself when it is called."""
        if call.state is not CallState.INCOMING:
            return
        header, words = self.habits.answers_to
        if self.habits.answers_itself and words in call.asked(header):
            call.answer()
            return
        match self.habits.incoming:
            case Incoming.RING:
                call.ring()
            case Incoming.ANSWER:
                call.answer()
            case Incoming.BUSY:
                call.busy()
            case Incoming.DECLINE:
                call.decline()
            case Incoming.SILENT:
                return

    # Changes of place

    def unplug(self) -> None:
        """Pull the plug: nothing is sent, received or remembered any more."""
        self.plugged_in = False
        self._exchanges.stop()
        self.wire.close()
        self.registration.stop()

    def reboot(self, *, port: int) -> None:
        """Come back after a power cut: another port, no memory of calls or registration."""
        self.unplug()
        self.plugged_in = True
        self.calls.clear()
        self._plug_in((self.address[0], port))
        self.registration = Registration(self)

    def move(self, address: Address) -> None:
        """Get another address, as after a change of network; calls go on and want :meth:`Call.offer_again`."""
        self._exchanges.stop()
        self.wire.close()
        self._plug_in(address)
