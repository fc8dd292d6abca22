"""A request outside any dialog, as its sender: OPTIONS to see whether a phone is there, and the like (§8.1)."""

from __future__ import annotations

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response, response_to
from softswitch.sip.transaction.non_invite_client import NonInviteClient
from softswitch.sip.ua.actions import Responded
from softswitch.sip.ua.core import UaCore


class SentRequest:
    """Tells its owner the final response, or one made up where none comes."""

    __slots__ = ("_core", "_owner", "_request")

    def __init__(self, core: UaCore, request: Request, owner: str) -> None:
        self._core = core
        self._request = request
        self._owner = owner

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        if response.status >= 200:
            self._core.tell(Responded(self._owner, response))

    def timed_out(self, now: float) -> None:
        """The peer does not answer."""
        self._core.tell(Responded(self._owner, response_to(self._request, 408)))

    def unreachable(self, now: float) -> None:
        """The transport failed."""
        self._core.tell(Responded(self._owner, response_to(self._request, 503)))


def send_request(core: UaCore, request: Request, flow: Flow, owner: str, now: float) -> NonInviteClient:
    """Send a request outside any dialog, its missing headers filled in (RFC 3261 §8.1.1).

    Raises:
        LocalProtocolError: it is an INVITE or an ACK.
    """
    method = request.method
    if method in {"INVITE", "ACK"}:
        raise LocalProtocolError(f"{method} is not sent outside a session")
    if request.from_.tag is None:
        request.set("From", f"{request.get('From')};tag={core.new_tag()}")
    defaults = {
        "Max-Forwards": "70",
        "Call-ID": core.entropy.token(16),
        "CSeq": f"1 {method}",
        core.user_agent[0]: core.user_agent[1],
    }
    for name, value in defaults.items():
        if request.get(name) is None:
            request.add(name, value)
    branch = core.new_branch()
    request.prepend("Via", core.via(flow, branch))
    sent = SentRequest(core, request, owner)
    return core.layer.request((branch, method), request.to_bytes(), flow, sent, now, counted=False)
