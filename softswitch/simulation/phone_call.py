"""One call of a simulated phone: where it is, and what a person does with it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from softswitch.core.errors import SimulationError
from softswitch.simulation.phone_core import ALLOW, PhoneCore
from softswitch.simulation.phone_dialog import NOTHING, Content
from softswitch.simulation.phone_exchange import ServerExchange
from softswitch.simulation.phone_request import Attempt
from softswitch.simulation.phone_sdp import read_description
from softswitch.simulation.phone_talk import Talk
from softswitch.sip.message import Header, Message, Request, Response


class CallState(Enum):
    """What the phone's display would show."""

    CALLING = "calling"
    """Dialled, nothing heard yet."""
    INCOMING = "incoming"
    """An INVITE came, and the phone has not rung."""
    RINGING = "ringing"
    EARLY = "early"
    """There is sound before the answer."""
    UP = "up"
    ENDED = "ended"


_BEFORE_ANSWER: Final = frozenset({CallState.CALLING, CallState.INCOMING, CallState.RINGING, CallState.EARLY})


class Call(Talk):
    """A call from dialling or ringing to the end; made by the phone.

    Attributes:
        state: where it is; ``history`` has all states it was in.
        status: the final status of the INVITE; 0 before there is one.
        ended_by: ``here``, ``there`` or empty.
        reasons: the Reason headers that came with CANCEL, BYE and refusals.
        acknowledged: whether the INVITE's 2xx has had its ACK.
        takes_reinvites: whether it answers a re-INVITE with its own description; else with 488.
    """

    def __init__(
        self, phone: PhoneCore, *, outgoing: bool, sip_call_id: str, local_party: str, remote_party: str
    ) -> None:
        super().__init__(
            phone, outgoing=outgoing, sip_call_id=sip_call_id, local_party=local_party, remote_party=remote_party
        )
        self.state = CallState.CALLING if outgoing else CallState.INCOMING
        self.history = [self.state]
        self.status = 0
        self.ended_by = ""
        self.reasons: list[str] = []
        self.acknowledged = False
        self.takes_reinvites = True
        self.invite_exchange: ServerExchange | None = None
        """The last INVITE that came, which CANCEL and ACK are about."""
        self.progress: list[int] = []
        """The statuses that NOTIFYs told of our REFER."""
        self.displays: list[str] = []
        """Who the phone was told to show, after the first party."""
        self.pressed = 0
        """How often the switch pressed the key that takes a call."""
        self.answered = ""
        """The description in the 200 to our INVITE."""
        self.infos: list[str] = []
        """What INFOs told of keys."""
        self.hold_pressed = 0
        """How often it pressed the key that puts one on hold."""
        self._invite: Attempt | None = None
        self._giving_up = False

    def _enter(self, state: CallState) -> None:
        if self.state is not CallState.ENDED:
            self.state = state
            self.history.append(state)
            self.phone.changed()

    def _end(self, by: str, message: Message | None = None) -> None:
        if self.state is not CallState.ENDED:
            self.reasons += [] if message is None else message.get_all("Reason")
            self.ended_by = by
            self._enter(CallState.ENDED)

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.state is CallState.ENDED

    async def until(self, state: CallState, *, limit_s: float = 60.0) -> None:
        """Wait until the call is or was in a state.

        Raises:
            SimulationError: it ended without, or the limit of virtual time passed.
        """
        await self.phone.until(lambda: state in self.history or self.over, state.value, limit_s=limit_s)
        if state not in self.history:
            raise SimulationError(
                f"{self.phone.name}: the call ended with {self.status} before it was {state.value}\n"
                f"{self.phone.written_log()}"
            )

    # Calling

    def place(self, number: str, *, offer: bool = True, headers: tuple[Header, ...] = ()) -> None:
        """Send the INVITE to a number, or to a URI."""
        self.target = number if number.startswith("sip:") else f"sip:{number}@{self.phone.account.domain}"
        own, body = self.content(self.here()) if offer else NOTHING
        content = ((*headers, *own, *self._allowed()), body)
        self._invite = self.attempt("INVITE", content, self._invite_answered)

    def _invite_answered(self, response: Response) -> None:
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            self.status = response.status
            self._end("here" if self._giving_up else "there", response)

    def _provisional(self, response: Response) -> None:
        if self._giving_up:
            self._send_cancel()
        if response.to.tag is not None:
            self._remote_party = response.get("To") or ""
        if response.sdp and read_description(response.sdp) is not None:
            self.hear(response)
            self._enter(CallState.EARLY)
        elif response.status == 180:
            self._enter(CallState.RINGING)

    def _accepted(self, response: Response) -> None:
        if not self.acknowledged:
            self.status = response.status
            self.answered = response.sdp
            self.learn(response, response.get("To") or "")
        offered = self._invite is not None and bool(self._invite.request.body)
        if self.acknowledge(response, offered=offered):
            self.acknowledged = True
            self._enter(CallState.UP)
            if self._giving_up:  # the answer crossed our CANCEL
                self.bye()

    def cancel(self) -> None:
        """Give up before the answer; where nothing has come back yet, CANCEL waits for it (§9.1)."""
        self._giving_up = True
        if self._invite is not None and self._invite.exchange.proceeding:
            self._send_cancel()

    def _send_cancel(self) -> None:
        if self._invite is None or self._invite.cancelled:
            return
        self._invite.cancelled = True
        invite = self._invite.request
        kept = ("From", "To", "Call-ID", "Max-Forwards", "Route")
        headers = [("Via", invite.get_all("Via")[0]), *(pair for pair in invite.headers if pair[0] in kept)]
        headers.append(("CSeq", f"{invite.cseq.number} CANCEL"))
        self.phone.start(Request("CANCEL", invite.uri, headers), self._cancel_answered)

    def _cancel_answered(self, response: Response) -> None:
        """A phone whose CANCEL nobody answers considers its call cancelled (§9.1)."""
        if response.status == 408:
            self._end("here")

    # Being called

    def arrive(self, exchange: ServerExchange) -> None:
        """Take the INVITE of a new call."""
        request = exchange.request
        self.invite_exchange = exchange
        self._local_party = f"{request.get('To')};tag={self.phone.tag()}"
        self.learn(request, request.get("From") or "")
        self.hear(request)

    @property
    def offered(self) -> str:
        """The description of the INVITE that came; empty where it has none."""
        return "" if self.invite_exchange is None else self.invite_exchange.request.sdp

    def asked(self, name: str) -> str:
        """Return a header of the INVITE that came; empty where it has none."""
        return "" if self.invite_exchange is None else self.invite_exchange.request.get(name) or ""

    def _respond(self, status: int, content: Content = NOTHING) -> None:
        exchange = self.invite_exchange
        if exchange is None:
            raise SimulationError(f"{self.phone.name}: there is no INVITE to answer")
        headers, body = content
        contact = ("Contact", self.phone.contact)
        exchange.respond(status, to_tag=self.local_tag, headers=(contact, *headers, *self._allowed()), body=body)

    def _allowed(self) -> tuple[Header, ...]:
        return (("Allow", f"{ALLOW}, UPDATE"),) if self.phone.habits.takes_update else ()

    def ring(self) -> None:
        """Say 180."""
        self._respond(180, ((("Allow-Events", "talk, hold"),), b"") if self.phone.habits.takes_talk else NOTHING)
        self._enter(CallState.RINGING)

    def early_media(self, status: int = 183) -> None:
        """Send sound before the answer: 183 with a description."""
        self._respond(status, self._answer_content())
        self._enter(CallState.EARLY)

    def _answer_content(self) -> Content:
        # What was answered once stays so.
        return self.same_content() if CallState.EARLY in self.history else self.content(self.answer_to_remote())

    def answer(self) -> None:
        """Lift the receiver: 200, or 488 where the offer has nothing that this phone knows."""
        content = self._answer_content()
        if content is NOTHING:
            self.reject(488)
            return
        self._await_ack()
        self._respond(200, content)
        self.status = 200
        self._enter(CallState.UP)

    def _await_ack(self) -> None:
        if self.invite_exchange is not None:
            self.invite_exchange.on_acknowledged = self._take_ack
            self.invite_exchange.on_not_acknowledged = self._never_acknowledged

    def reject(self, status: int) -> None:
        """Refuse the call."""
        self._respond(status)
        self.status = status
        self._end("here")

    def deflect(self, number: str, *, status: int = 302) -> None:
        """Send the caller on to another number."""
        if self.invite_exchange is not None:
            contact = f"<sip:{number}@{self.phone.account.domain}>"
            self.invite_exchange.respond(status, to_tag=self.local_tag, headers=(("Contact", contact),))
        self.status = status
        self._end("here")

    def decline(self) -> None:
        """Press the red button: 603."""
        self.reject(603)

    def busy(self) -> None:
        """Say 486."""
        self.reject(486)

    def take_cancel(self, exchange: ServerExchange) -> None:
        """Take a CANCEL: 200 to it, and 487 to the INVITE unless that was answered already (§9.2)."""
        exchange.respond(200, to_tag=self.local_tag)
        if self.state in _BEFORE_ANSWER:
            self._respond(487)
            self.status = 487
            self._end("there", exchange.request)

    def _take_ack(self, request: Request) -> None:
        self.acknowledged = True
        self.hear(request)
        self.phone.changed()

    def _never_acknowledged(self) -> None:
        """End a call whose 200 nobody acknowledged (§13.3.1.4)."""
        if not self.over:
            self.bye()

    # Talking

    def bye(self) -> Attempt:
        """Send BYE; the call is over at once."""
        self._end("here")
        return self.attempt("BYE")

    async def hang_up(self) -> int:
        """Put the receiver down, whatever the state.

        Returns:
            The status of the BYE; of the INVITE where there was nothing to say BYE to.
        """
        if self.state is CallState.UP:
            # The callee may not send BYE before the ACK (§15).
            await self.phone.until(lambda: self.acknowledged or self.over, "the ACK")
            return self.status if self.over else (await self.bye().final).status
        if self.over:
            return self.status
        if self.outgoing:
            self.cancel()
        else:
            self.decline()
        await self.until(CallState.ENDED)
        return self.status

    def _take_notify(self, exchange: ServerExchange) -> None:
        if exchange.request.get("Event") == "talk":
            exchange.respond(200)
            self.pressed += 1
            if self.state is CallState.RINGING:
                self.answer()
            return
        self.hold_pressed += exchange.request.get("Event") == "hold"
        words = exchange.request.body.split()
        if exchange.request.content_type == "message/sipfrag" and len(words) > 1:
            self.progress.append(int(words[1]))
        exchange.respond(200)
        self.phone.changed()

    def receive(self, exchange: ServerExchange) -> None:
        """Take a request of the other end within the dialog."""
        request = exchange.request
        if request.method == "ACK":
            self._take_ack_of_2xx(request)
        elif request.method == "INVITE":
            self._take_reinvite(exchange)
        elif request.method == "BYE":
            exchange.respond(200)
            self._end("there", request)
        elif request.method == "NOTIFY":
            self._take_notify(exchange)
        elif request.method in {"OPTIONS", "INFO", "UPDATE"}:
            self.displays += [request.get("P-Asserted-Identity") or ""] if request.method == "UPDATE" else []
            self.displays += [request.body.decode()] if request.content_type == "message/sipfrag" else []
            self.infos += [request.body.decode()] if request.content_type == "application/dtmf-relay" else []
            exchange.respond(200)
        else:
            exchange.respond(405, headers=(("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"),))

    def awaits(self, ack: Request) -> bool:
        """Tell whether this ACK is the first for our 2xx."""
        exchange = self.invite_exchange
        return exchange is not None and exchange.request.cseq.number == ack.cseq.number and exchange.unacknowledged

    def _take_ack_of_2xx(self, request: Request) -> None:
        if self.invite_exchange is not None and self.awaits(request):
            self.invite_exchange.acknowledge(request)

    def _take_reinvite(self, exchange: ServerExchange) -> None:
        if self.reinviting:
            exchange.respond(491)
            return
        if not self.takes_reinvites:
            exchange.respond(488)
            return
        self.invite_exchange = exchange
        self.retarget(exchange.request)
        self.remote = None
        self.hear(exchange.request)
        answer = self.answer_to_remote()
        if answer is None:
            exchange.respond(488)
            return
        self._await_ack()
        self._respond(200, self.content(answer))
