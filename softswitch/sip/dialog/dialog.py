"""The state of one dialog (RFC 3261 §12): its id, both ends, route set, remote target and sequence numbers."""

from __future__ import annotations

from softswitch.core.errors import SipError
from softswitch.sip.dialog.route import request_line
from softswitch.sip.message import Header, Message, Request


class Dialog:
    """One dialog, confirmed or yet to be.

    Attributes:
        sip_call_id: the Call-ID.
        local_tag: our tag.
        remote_tag: the peer's tag; empty as long as no peer has answered, or where an old one has none.
        early_tag: the tag of the phone that rang last, until one has answered: a lamp tells it to whoever picks up.
        local: our end as header text, with its tag.
        remote: the peer's end as header text, with its tag.
        target: the remote target, a URI.
        routes: the route set, elements of Route headers.
        local_cseq: the CSeq number of our last request.
        remote_cseq: the highest CSeq number seen from the peer; -1 before any.
    """

    __slots__ = (
        "early_tag",
        "local",
        "local_cseq",
        "local_tag",
        "remote",
        "remote_cseq",
        "remote_tag",
        "routes",
        "sip_call_id",
        "target",
    )

    def __init__(self, sip_call_id: str, local_tag: str, local: str, remote: str, target: str) -> None:
        self.sip_call_id = sip_call_id
        self.local_tag = local_tag
        self.remote_tag = ""
        self.early_tag = ""
        self.local = local
        self.remote = remote
        self.target = target
        self.routes: tuple[str, ...] = ()
        self.local_cseq = 0
        self.remote_cseq = -1

    def next_cseq(self) -> int:
        """Count on to the CSeq number of our next request."""
        self.local_cseq += 1
        return self.local_cseq

    def request(
        self, method: str, cseq: int, via: str, headers: list[Header], body: bytes = b"", *, max_forwards: int = 70
    ) -> Request:
        """Build a request within the dialog (RFC 3261 §12.2.1.1).

        Args:
            method: its method.
            cseq: its CSeq number: a new one, or the INVITE's for an ACK.
            via: the value of its Via.
            headers: what follows the headers of every request.
            body: its body.
            max_forwards: how many hops it may take.
        """
        uri, routes = request_line(self.target, self.routes)
        fields: list[Header] = [("Via", via), ("Max-Forwards", str(max_forwards))]
        if routes:
            fields.append(("Route", ", ".join(routes)))
        fields.append(("From", self.local))
        fields.append(("To", self.remote))
        fields.append(("Call-ID", self.sip_call_id))
        fields.append(("CSeq", f"{cseq} {method}"))
        fields += headers
        return Request(method, uri, fields, body)

    def in_order(self, request: Request) -> bool:
        """Tell whether a request of the peer has a fitting CSeq number, and count on to it (RFC 3261 §12.2.2).

        A number seen before is let pass for any method but INVITE: some phones count too sparingly.
        """
        number = request.cseq.number
        if number < self.remote_cseq or (number == self.remote_cseq and request.method == "INVITE"):
            return False
        self.remote_cseq = number
        return True


def target_of(message: Message) -> str | None:
    """Return the URI of a message's first Contact, or None where it has none.

    Raises:
        SipError: the Contact is malformed or is ``*``.
    """
    contacts = message.contacts
    if not contacts:
        return None
    text = str(contacts[0].uri)
    if text == "*":
        raise SipError("a Contact of * names nobody")
    return text


def answered_target(response: Message) -> str | None:
    """Return the URI of a 2xx's Contact; None where it has none that can be used: the call stands all the same."""
    try:
        return target_of(response)
    except SipError:
        return None
