"""What a simulated phone has subscribed to (RFC 6665, the subscriber's side), and what its lamps show.

Written apart from the notifier on purpose: it reads the bodies with a parser of its own.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final
from xml.etree import ElementTree

from softswitch.simulation.phone_core import PhoneCore
from softswitch.simulation.phone_exchange import ServerExchange
from softswitch.simulation.phone_request import Attempt
from softswitch.sip.message import Header, Request, Response

_COUNTS: Final = re.compile(r'\b(version|expires)="\d+"')
"""What is another number when it is said again."""
_AGENT: Final = re.compile(r"<Agent(\w+)Event ")
_DISTURBANCE: Final = re.compile(r"<doNotDisturbOn>(\w+)<")
_FORWARDING: Final = re.compile(
    r"<forwardingType>(\w+)</forwardingType><forwardStatus>(\w+)</forwardStatus><forwardTo>([^<]*)<"
)
_DIALOGS: Final = "{urn:ietf:params:xml:ns:dialog-info}"


class Watching:
    """One subscription of a phone.

    Args:
        phone: whose it is.
        number: what it is about.
        package: the event package.
        headers: further headers of every SUBSCRIBE.

    Attributes:
        status: the final answer to the last SUBSCRIBE; 0 before there was one.
        bodies: what came, the oldest first.
        versions: of documents that have one.
        subscription_state: the last Subscription-State.
        answer_after_s: how long it takes to answer a NOTIFY.
        answers: what the next NOTIFYs are answered; 200 where nothing is left.
    """

    def __init__(self, phone: PhoneCore, number: str, package: str, headers: tuple[Header, ...]) -> None:
        self.status = 0
        self.expires_s = 0
        self.number = number
        self.package = package
        self.bodies: list[bytes] = []
        self.versions: list[int] = []
        self.sequence: list[int] = []
        self.notified: list[Request] = []
        self.subscription_state = ""
        self.answers: list[int] = []
        self.answer_after_s = 0.0
        self._phone = phone
        self._headers = headers
        self._target = f"sip:{number}@{phone.account.domain}" if number else f"sip:{phone.account.domain}"
        self._call_id = f"{phone.tag()}@{phone.address[0]}"
        self._local = f"<sip:{phone.account.user}@{phone.account.domain}>;tag={phone.tag()}"
        self._remote = f"<{self._target}>"
        self._cseq = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_over(self) -> bool:
        """Whether the switch said that it is over."""
        return self.subscription_state.startswith("terminated")

    @property
    def lamp(self) -> str:
        """What the last dialog-info says: ``idle``, ``trying``, ``early`` or ``confirmed``."""
        if not self.bodies:
            return "dark"
        states = [_text(dialog, "state") for dialog in self.dialogs()]
        live = [state for state in states if state != "terminated"]
        return live[0] if live else "idle"

    @property
    def shown(self) -> str:
        """What the phone shows of it now."""
        if self.package == "dialog":
            return "a list" if self.bodies and self.bodies[-1].startswith(b"--") else self.lamp
        if self.package == "as-feature-event":
            return self._features()
        text = self.bodies[-1].decode("utf-8", "replace") if self.bodies else ""
        return _COUNTS.sub(r'\1=""', text)

    def _features(self) -> str:
        """Return how the feature keys are lit: each body tells of some of them."""
        lit: dict[str, str] = {}
        for body in self.bodies:
            for off_or_on in _DISTURBANCE.findall(body.decode()):
                lit["doNotDisturb"] = off_or_on
            for kind, is_on, target in _FORWARDING.findall(body.decode()):
                lit[kind] = target if is_on == "true" else "off"
            for state in _AGENT.findall(body.decode()):
                lit["agent"] = state
        return " ".join(f"{name}={value}" for name, value in sorted(lit.items()))

    def dialogs(self) -> list[ElementTree.Element]:
        """Return the dialogs of the last document."""
        return ElementTree.fromstring(self.bodies[-1]).findall(f"{_DIALOGS}dialog")  # noqa: S314  # our own

    def replaces(self) -> str:
        """Return the Replaces header that picks up what rings, made as phones make it (RFC 3891 §6.1)."""
        found = next(one for one in self.dialogs() if _text(one, "state") == "early")
        tags = f"to-tag={found.attrib['local-tag']};from-tag={found.attrib['remote-tag']}"
        return f"{found.attrib['call-id']};{tags}"

    async def subscribe(self, expires_s: int = 3600, *, body: bytes = b"", content_type: str = "") -> int:
        """Subscribe, or subscribe again; returns the final status."""

        def build() -> Request:
            request = self._request(expires_s)
            if body:
                request.add("Content-Type", content_type)
                request.body = body
            return request

        response = await Attempt(self._phone, build).final
        self.status = response.status
        if response.status == 200:
            self._take(response)
        return response.status

    async def unsubscribe(self) -> int:
        """Give it up; returns the final status."""
        return await self.subscribe(0)

    def _take(self, response: Response) -> None:
        self._remote = response.get("To") or ""
        self.expires_s = response.expires or 0
        if response.contacts:
            self._target = str(response.contacts[0].uri)

    def _request(self, expires_s: int) -> Request:
        self._cseq += 1
        headers: list[Header] = [
            ("Via", self._phone.via()),
            ("Max-Forwards", "70"),
            ("From", self._local),
            ("To", self._remote),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} SUBSCRIBE"),
            ("Contact", self._phone.contact),
            ("Event", self.package),
            ("Expires", str(expires_s)),
            *self._headers,
        ]
        return Request("SUBSCRIBE", self._target, headers)

    def is_of(self, request: Request) -> bool:
        """Tell whether a NOTIFY belongs here; it may come before the 200 to SUBSCRIBE."""
        return request.call_id == self._call_id and request.to.tag == self._local.rpartition(";tag=")[2]

    def _answer(self, exchange: ServerExchange, status: int) -> None:
        kept = len(self._phone.log)
        exchange.respond(status)
        del self._phone.log[kept:]

    def take_notify(self, exchange: ServerExchange) -> None:
        """Take a NOTIFY."""
        request = exchange.request
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.notified.append(request)
            self.sequence.append(request.cseq.number)
            self.subscription_state = request.get("Subscription-State") or ""
            if request.body:
                self.bodies.append(request.body)
                version = request.body.partition(b'version="')[2].partition(b'"')[0]
                self.versions += [int(version)] if version.isdigit() else []
        if status and self.answer_after_s:
            self._phone.later(self.answer_after_s, lambda: self._answer(exchange, status))
        elif status:
            exchange.respond(status)
        self._phone.changed()


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{_DIALOGS}{name}")
    return "" if found is None else (found.text or "")


class Referring(Watching):
    """A REFER outside of any dialog, and what its sender is told of it (RFC 3515).

    Args:
        phone: who asks.
        uri: who is asked.
        refer_to: the value of Refer-To.
        headers: further headers.
    """

    def __init__(self, phone: PhoneCore, uri: str, refer_to: str, headers: tuple[Header, ...]) -> None:
        super().__init__(phone, "", "refer", (("Refer-To", refer_to), *headers))
        self._target = uri
        self._remote = f"<{uri}>"

    @property
    def shown(self) -> str:
        """Nothing: the phone shows the call itself."""
        return ""

    @property
    def progress(self) -> list[int]:
        """The statuses that were told, each once where it was told again and again."""
        told = [int(body.split()[1]) for body in self.bodies]
        return [status for number, status in enumerate(told) if number == 0 or told[number - 1] != status]

    async def ask(self) -> int:
        """Send it; returns the final status."""
        response = await Attempt(self._phone, self._refer).final
        self.status = response.status
        return response.status

    def _refer(self) -> Request:
        request = self._request(0)
        kept = [pair for pair in request.headers if pair[0] not in {"Event", "Expires", "CSeq"}]
        return Request("REFER", request.uri, [*kept, ("CSeq", f"{self._cseq} REFER")])


class Publishing:
    """What a phone publishes of itself (RFC 3903).

    Args:
        phone: whose it is.
        number: in whose name.
        package: the event package.
        content_type: of what is published.

    Attributes:
        etag: what the switch gave last, to be named the next time.
    """

    def __init__(self, phone: PhoneCore, number: str, package: str, content_type: str) -> None:
        self.etag = ""
        self._phone = phone
        self._uri = f"sip:{number}@{phone.account.domain}"
        self._package = package
        self._content_type = content_type

    async def publish(self, body: bytes, *, expires_s: int = 3600) -> int:
        """Publish; with no body what was published lives on, or with no time it is removed; returns the status."""

        def build() -> Request:
            request = self._phone.outside_request("PUBLISH", self._uri, f"<{self._uri}>", self._phone.tag(), 1)
            request.add("Event", self._package)
            request.add("Expires", str(expires_s))
            if self.etag:
                request.add("SIP-If-Match", self.etag)
            if body:
                request.add("Content-Type", self._content_type)
                request.body = body
            return request

        response = await Attempt(self._phone, build).final
        self.etag = (response.get("SIP-ETag") or "") if response.status == 200 else self.etag
        return response.status


def published(phone: PhoneCore, package: str, content_type: str, *, number: str = "") -> Publishing:
    """Return what a phone publishes from now on, in its own name unless another is given."""
    return Publishing(phone, number or phone.account.user, package, content_type)
