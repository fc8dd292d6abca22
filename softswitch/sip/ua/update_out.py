"""UPDATE without a description, as its sender: it refreshes the session and tells who is connected (RFC 3311, 4028)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from softswitch.sip.dialog.dialog import answered_target
from softswitch.sip.message import Header, Response
from softswitch.sip.ua.core import ALLOW_HEADER, UaCore
from softswitch.sip.ua.party import Party


class Updating(Party, Protocol):
    """A session that sends UPDATE."""

    def refreshed(self, response: Response, now: float) -> None:
        """The peer took the UPDATE."""
        ...

    def not_refreshed(self, response: Response, now: float) -> None:
        """The peer refused it, and the dialog lives."""
        ...


class SentUpdate:
    """An UPDATE of ours: 408, 481 and silence mean that the dialog is dead (RFC 3311 §5.3)."""

    __slots__ = ("_party",)

    def __init__(self, party: Updating) -> None:
        self._party = party

    def responded(self, response: Response, now: float) -> None:
        """The peer answered."""
        party, status = self._party, response.status
        if status in {408, 481}:
            party.lost(status, "The peer does not know the dialog", now)
        elif 200 <= status < 300:
            party.dialog.target = answered_target(response) or party.dialog.target
            party.refreshed(response, now)
        elif status >= 300:
            party.not_refreshed(response, now)

    def timed_out(self, now: float) -> None:
        """The peer does not answer."""
        self._party.lost(408, "The peer does not answer", now)

    def unreachable(self, now: float) -> None:
        """The transport failed: the next request may come over another one."""


def send_update(core: UaCore, party: Updating, headers: Iterable[Header], now: float) -> None:
    """Send an UPDATE that changes no media."""
    branch = core.new_branch()
    dialog = party.dialog
    fields = [core.contact(party.flow, party.focus), ALLOW_HEADER, core.user_agent, *headers]
    request = dialog.request("UPDATE", dialog.next_cseq(), core.via(party.flow, branch), fields)
    core.layer.request((branch, "UPDATE"), request.to_bytes(), party.flow, SentUpdate(party), now)
