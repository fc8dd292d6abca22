"""A request within a dialog whose answer changes nothing but that a dead dialog is noticed: NOTIFY, INFO and others."""

from __future__ import annotations

from collections.abc import Iterable

from softswitch.sip.message import Header, Response
from softswitch.sip.ua.core import ALLOW_HEADER, UaCore
from softswitch.sip.ua.party import Party


class SentWithin:
    """Such a request of ours. 481 means that the peer does not know the dialog (RFC 5057 §5.1)."""

    __slots__ = ("_party",)

    def __init__(self, party: Party) -> None:
        self._party = party

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        if response.status == 481:
            self._party.lost(481, "The peer does not know the dialog", now)

    def timed_out(self, now: float) -> None:
        """The peer does not answer this; whether it lives is asked in another way."""

    def unreachable(self, now: float) -> None:
        """The transport failed: the next request may come over another one."""


def send_within(
    core: UaCore,
    party: Party,
    method: str,
    headers: Iterable[Header],
    body: bytes,
    now: float,
    *,
    vital: bool = True,
) -> None:
    """Send a request within the dialog; ``vital``: a 481 to it ends the session."""
    branch = core.new_branch()
    dialog = party.dialog
    fields = [core.contact(party.flow, party.focus), ALLOW_HEADER, core.user_agent, *headers]
    request = dialog.request(method, dialog.next_cseq(), core.via(party.flow, branch), fields, body)
    user = SentWithin(party) if vital else None
    core.layer.request((branch, method), request.to_bytes(), party.flow, user, now)
