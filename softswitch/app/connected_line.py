"""Tells phones who they talk with now, after a transfer or a pickup has brought them somebody else (RFC 4916).

Each in the way of its maker: by UPDATE with P-Asserted-Identity, or by INFO with ``message/sipfrag``; a phone whose
Allow knows neither keeps what it shows. It is told when a segment starts whose other party is not the last one's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.app.auto_answer import user_agent_of
from softswitch.calls.facts import LegEnded, SegmentStarted
from softswitch.calls.perform import Session
from softswitch.calls.state import CallsState, Leg
from softswitch.core.facts import Record
from softswitch.directory.location import LocationState
from softswitch.directory.phone_models import model_of
from softswitch.directory.site import Site
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Header
from softswitch.sip.uri import Uri

_SIPFRAG: Header = ("Content-Type", "message/sipfrag;version=2.0")
_FRAGMENTS: Final = {"info_from": "From: {}\r\nTo:\r\n", "info_to": "From:\r\nTo: {}\r\n"}
"""By the way that a phone's display is told: what the INFO says."""


class ConnectedLine:
    """Keeps displays right.

    Args:
        calls: who talks with whom.
        sessions: the dialogs of legs.
        locations: what phones call themselves.
        site: the users' names.
        domain: the host part of addresses.
    """

    def __init__(
        self,
        calls: CallsState,
        sessions: Callable[[], Mapping[str, Session]],
        locations: LocationState,
        site: Callable[[], Site],
        domain: str,
    ) -> None:
        self._calls = calls
        self._sessions = sessions
        self._locations = locations
        self._site = site
        self._domain = domain
        self._shown: dict[str, str] = {}
        """By leg: the number that its phone shows, since it talked for the first time."""
        self.marked: dict[str, str] = {}
        """Legs that talk with another one from this turn on."""

    def follow(self, record: Record) -> None:
        """See a fact before it is applied."""
        made = record.fact
        if type(made) is SegmentStarted and made.leg_a != made.leg_b:
            self.marked[made.leg_a] = made.leg_b
            self.marked[made.leg_b] = made.leg_a
        elif type(made) is LegEnded:
            self._shown.pop(made.leg, None)

    def resume(self) -> None:
        """Take what phones show for what they should: an earlier brain told them."""
        for conversation in self._calls.conversations.values():
            if conversation.talking is not None:
                one, other = conversation.talking
                self._note(one, other)
                self._note(other, one)

    def _note(self, leg: str, peer: str) -> None:
        found = self._calls.legs.get(peer)
        if found is not None:
            self._shown[leg] = found.number

    def end_turn(self, *, now: float) -> bool:
        """Tell the phones whose party has changed; return whether there was any."""
        if not self.marked:
            return False
        marked, self.marked = self.marked, {}
        told = False
        for name, other in marked.items():
            leg, peer = self._calls.legs.get(name), self._calls.legs.get(other)
            if leg is None or peer is None or not leg.is_live:
                continue
            if self._shown.get(name, peer.number) != peer.number and leg.user:
                told = self._tell(leg, peer, now) or told
            self._shown[name] = peer.number
        return told

    def _tell(self, leg: Leg, peer: Leg, now: float) -> bool:
        session = self._sessions().get(leg.leg)
        if session is None:
            return False
        model = model_of(user_agent_of(self._locations, leg.user, leg.uri))
        if model.display_update in _FRAGMENTS:
            fragment = _FRAGMENTS[model.display_update].format(self._address(peer))
            session.info((_SIPFRAG,), fragment.encode(), now=now)
            return True
        asserted = self._address(peer, with_host=model.pai == "full")
        return model.display_update == "update_pai" and session.update(
            headers=(("P-Asserted-Identity", str(asserted)),), now=now
        )

    def _address(self, peer: Leg, *, with_host: bool = True) -> Address:
        user, number = self._site().users.get(peer.user), peer.number or "anonymous"
        name = "" if user is None else user.display_name
        return Address(Uri("sip", number, self._domain) if with_host else Uri("sip", "", number), name)
