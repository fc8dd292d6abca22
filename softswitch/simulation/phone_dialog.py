"""A simulated phone's dialog (RFC 3261 §12) and the descriptions exchanged within it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Final

from softswitch.simulation.phone_core import PhoneCore
from softswitch.simulation.phone_request import Attempt
from softswitch.simulation.phone_sdp import SUITE, Description, answer_to, read_description, write_description
from softswitch.sip.message import Header, Message, Request, Response

Content = tuple[tuple[Header, ...], bytes]
"""The headers of a body, and the body."""

NOTHING: Final[Content] = ((), b"")


class Dialog:
    """The two ends of a call, their sequence numbers and their last descriptions.

    Attributes:
        local: our description as last sent.
        remote: theirs as last received; None before there is one.
        target: the URI that requests within the dialog are sent to.
    """

    def __init__(self, phone: PhoneCore, *, sip_call_id: str, local_party: str, remote_party: str) -> None:
        self.phone = phone
        self.sip_call_id = sip_call_id
        self.local = Description(phone.address[0], phone.take_media_port(), phone.habits.payloads)
        self.remote: Description | None = None
        self.target = ""
        self._local_party = local_party
        self._remote_party = remote_party
        self._route: list[str] = []
        self._cseq = phone.random.randrange(1, 1000)
        self._version = 0
        self._acks: dict[int, Request] = {}

    @property
    def local_tag(self) -> str:
        """Our tag."""
        return self._local_party.rpartition(";tag=")[2]

    @property
    def remote_tag(self) -> str:
        """The peer's tag."""
        return self._remote_party.rpartition(";tag=")[2]

    def is_of(self, sip_call_id: str, local_tag: str) -> bool:
        """Tell whether a request to that tag belongs to this dialog."""
        return self.sip_call_id == sip_call_id and self.local_tag == local_tag

    def learn(self, message: Message, remote_party: str) -> None:
        """Take the peer's tag, target and route set from the message that makes the dialog (§12.1)."""
        self._remote_party = remote_party
        self.retarget(message)
        routes = message.get_list("Record-Route")
        self._route = routes[::-1] if isinstance(message, Response) else routes

    def retarget(self, message: Message) -> None:
        """Take a new Contact of the peer's, where it names one (§12.2)."""
        if message.contacts:
            self.target = str(message.contacts[0].uri)

    def here(self, direction: str = "sendrecv", address: str = "") -> Description:
        """Describe our end with all that we know: an offer."""
        habits, key = self.phone.habits, self.key
        profile = "RTP/SAVP" if habits.srtp == "required" else "RTP/AVP"
        crypto = (("1", SUITE, key),) if key else ()
        host = address or self.phone.address[0]
        return Description(host, self.local.port, habits.payloads, direction, profile, crypto)

    @property
    def key(self) -> str:
        """The key of our SRTP, as the descriptions say it; empty where we have none."""
        secret = f"{self.phone.name}-{self.local.port}".rjust(30, "0").encode()
        return b64encode(secret[-30:]).decode() if self.phone.habits.srtp else ""

    def answer_to_remote(self) -> Description | None:
        """Describe our end in answer to their offer, or with an offer where they made none; None where nothing fits."""
        if self.remote is None:
            return self.here()
        habits = self.phone.habits
        return answer_to(self.remote, self.phone.address[0], self.local.port, habits.payloads, self.key)

    def content(self, description: Description | None) -> Content:
        """Write a description as ours; nothing for None."""
        if description is None:
            return NOTHING
        self.local = description
        self._version += 1
        return self.same_content()

    def same_content(self) -> Content:
        """Write our description once more, unchanged."""
        text = write_description(self.local, session=self.local.port, version=self._version)
        return (("Content-Type", "application/sdp"),), text.encode()

    def hear(self, message: Message) -> None:
        """Take their description where the message has one."""
        if message.sdp:
            self.remote = read_description(message.sdp)

    def request(self, method: str, content: Content = NOTHING, *, cseq: int = 0) -> Request:
        """Build a request; with a new CSeq number unless one is given (for ACK)."""
        if not cseq:
            self._cseq += 1
        headers, body = content
        head: list[Header] = [
            ("Via", self.phone.via()),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self._route),
            ("From", self._local_party),
            ("To", self._remote_party),
            ("Call-ID", self.sip_call_id),
            ("CSeq", f"{cseq or self._cseq} {method}"),
            ("Contact", self.phone.contact),
            *headers,
        ]
        return Request(method, self.target, head, body)

    def attempt(
        self, method: str, content: Content = NOTHING, on_response: Callable[[Response], None] = lambda _: None
    ) -> Attempt:
        """Send a request, with credentials where it is challenged."""
        return Attempt(self.phone, lambda: self.request(method, content), on_response)

    def acknowledge(self, response: Response, *, offered: bool) -> bool:
        """Send the ACK of a 2xx; a repeated 2xx gets the same one (§13.2.2.4).

        Args:
            response: the 2xx to our INVITE.
            offered: whether the INVITE carried our offer; else the 2xx has theirs, and the ACK answers it.

        Returns:
            Whether the 2xx is new.
        """
        number = response.cseq.number
        is_new = number not in self._acks
        if is_new:
            self.hear(response)
            answer = None if offered else self.answer_to_remote() or self.here("inactive")
            self._acks[number] = self.request("ACK", self.content(answer), cseq=number)
        self.phone.send(self._acks[number], again=not is_new)
        return is_new
