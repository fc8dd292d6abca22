"""OPTIONS within a dialog, as its sender: is the other end still there (RFC 3261 §11, §12.2.1.2)?"""

from __future__ import annotations

from softswitch.sip.message import Response
from softswitch.sip.ua.core import ACCEPT_HEADER, ALLOW_HEADER, UaCore
from softswitch.sip.ua.party import Party


class SentOptions:
    """An OPTIONS of ours: 481, 408 and silence mean that the dialog is dead, any other answer that it lives."""

    __slots__ = ("_party",)

    def __init__(self, party: Party) -> None:
        self._party = party

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        if response.status in {408, 481}:
            self._party.lost(response.status, "The peer does not know the dialog", now)

    def timed_out(self, now: float) -> None:
        """The peer does not answer."""
        self._party.lost(408, "The peer does not answer", now)

    def unreachable(self, now: float) -> None:
        """The transport failed: the next request may come over another one."""


def send_options(core: UaCore, party: Party, now: float) -> None:
    """Ask the peer for a sign of life."""
    branch = core.new_branch()
    dialog = party.dialog
    headers = [core.contact(party.flow, party.focus), ALLOW_HEADER, ACCEPT_HEADER, core.user_agent]
    request = dialog.request("OPTIONS", dialog.next_cseq(), core.via(party.flow, branch), headers)
    core.layer.request((branch, "OPTIONS"), request.to_bytes(), party.flow, SentOptions(party), now)
