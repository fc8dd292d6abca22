"""The package ``dialog`` (RFC 4235): what the lamps of other phones show of a user's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from softswitch.app.events.package import Content, Telling, user_named
from softswitch.calls import facts, transfer_facts
from softswitch.calls.control_facts import CallParked, CallUnparked
from softswitch.calls.parking import SLOTS
from softswitch.calls.perform import Session
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.core.facts import Record
from softswitch.directory.site import Site, User
from softswitch.sip.bodies.dialog_info import CONTENT_TYPE, DialogState, Party, write_dialog_info
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.uri import Uri

_STATES: Final = {
    LegState.NEW: "trying",
    LegState.INVITED: "trying",
    LegState.RINGING: "early",
    LegState.ANSWERED: "confirmed",
    LegState.TALKING: "confirmed",
}
_OF_LEGS: Final = (
    facts.LegInvited,
    facts.LegProgressed,
    facts.LegAlerted,
    facts.LegAnswered,
    facts.LegAccepted,
    facts.LegAcknowledged,
    facts.LegReoffered,
    facts.LegOfferAnswered,
    facts.LegEnded,
    transfer_facts.LegMoved,
)


_ABOUT_TO_RING: Final = frozenset({LegState.NEW, LegState.INVITED})
_LONG_OCTETS: Final = 900
"""A longer body may not fit into one datagram with its headers, and is written without names (freeswitch#1720)."""


class DialogPackage:
    """Tells who is in a call.

    Args:
        calls: the calls.
        sessions: their dialogs, by leg.
        site: the users.
        domain: the host part of addresses.
    """

    name = "dialog"
    content_types = (CONTENT_TYPE,)
    duration = Duration()
    follows = frozenset({facts.LegAdded, facts.SegmentStarted, CallParked, CallUnparked, *_OF_LEGS})
    listed = True

    def __init__(
        self,
        calls: CallsState,
        sessions: Callable[[], Mapping[str, Session]],
        site: Callable[[], Site],
        domain: str,
    ) -> None:
        self._calls = calls
        self._sessions = sessions
        self._site = site
        self._domain = domain

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the extension of whose calls are watched, or the code that takes whoever is parked in a slot."""
        if self._slot(number):
            return number
        return user_named(self._site(), number).extension

    def _slot(self, number: str) -> str:
        """Return the slot that a code takes parked callers from; empty for another number."""
        slot = number.removeprefix(self._site().codes.get("retrieve", ""))
        return slot if slot != number and slot in SLOTS else ""

    def touched(self, record: Record) -> Iterable[str]:
        """Return the extensions of those whose calls a fact changes."""
        made = record.fact
        if isinstance(made, CallParked | CallUnparked):
            return [self._site().codes.get("retrieve", "") + made.slot]
        if type(made) is facts.LegAdded:
            return self._extensions([made.user])
        if type(made) is facts.SegmentStarted:
            return self._extensions([self._user_of(made.leg_a), self._user_of(made.leg_b)])
        return self._extensions([self._user_of(made.leg)])

    def _user_of(self, leg: str) -> str:
        found = self._calls.legs.get(leg)
        return "" if found is None else found.user

    def _extensions(self, names: list[str]) -> list[str]:
        users = self._site().users
        return [users[name].extension for name in names if name in users]

    def state(self, resource: str) -> tuple[DialogState, ...]:
        """Return the calls of a user that are not over, the oldest first; for a slot, who waits there."""
        if slot := self._slot(resource):
            waits = self._calls.parked_in(slot)
            return () if waits is None else (self._parked(waits, resource),)
        user = self._site().user_by_extension(resource)
        if user is None:
            return ()
        own = [leg for leg in self._calls.of_user(user.name) if _is_shown(leg)]
        return tuple(self._dialog(leg, resource) for leg in own)

    def _parked(self, leg: Leg, resource: str) -> DialogState:
        conversation = self._calls.conversations[leg.conversation_id]
        there = self._party(leg.number, self._name_of(conversation, leg))
        return DialogState(
            id=leg.leg,
            state="confirmed",
            direction="recipient",
            local=self._party(resource, ""),
            remote=there,
            held=True,
        )

    def _dialog(self, leg: Leg, extension: str) -> DialogState:
        """See a leg from the phone's end: its tag is the local one.

        Where it rings and nobody knows its tag (any more), another word stands there: phones build no Replaces
        without one, and any will do as long as it rings.
        """
        session = self._sessions().get(leg.leg)
        dialog = None if session is None else session.dialog
        user = self._site().user_by_extension(extension)
        return DialogState(
            id=leg.leg,
            state=_STATES[leg.state],
            direction="initiator" if leg.called_us else "recipient",
            sip_call_id="" if dialog is None else dialog.sip_call_id,
            local_tag="" if dialog is None else dialog.remote_tag or dialog.early_tag or leg.leg,
            remote_tag="" if dialog is None else dialog.local_tag,
            local=self._party(extension, "" if user is None else user.display_name),
            remote=self._other_end(leg),
            held=leg.held,
        )

    def _other_end(self, leg: Leg) -> Party:
        conversation = self._calls.conversations.get(leg.conversation_id)
        if conversation is None:
            return Party("")
        peer = conversation.peer_of(leg.leg)
        if peer is not None:
            return self._party(peer.number, self._name_of(conversation, peer))
        if leg.called_us:
            return self._party(conversation.to_number, "")
        caller = conversation.caller
        return self._party(caller.number, self._name_of(conversation, caller))

    def _name_of(self, conversation: Conversation, leg: Leg) -> str:
        user = self._site().users.get(leg.user)
        if user is not None:
            return user.display_name
        return conversation.from_name if leg.is_caller else ""

    def _party(self, number: str, name: str) -> Party:
        return Party(str(Uri("sip", number or "anonymous", self._domain)), name)

    def write(self, telling: Telling) -> Content:
        """Write the document: all calls, those that are over since the last one, and never none."""
        now = telling.state
        living = {dialog.id for dialog in now}
        over = [dialog for dialog in telling.before or () if dialog.id not in living]
        shown = [*(DialogState(dialog.id, "terminated") for dialog in over), *now]
        entity = str(Uri("sip", telling.watch.resource, self._domain))
        idle = [DialogState(telling.watch.resource, "terminated")]
        body = write_dialog_info(entity, telling.version, shown or idle)
        if len(body) > _LONG_OCTETS:
            body = write_dialog_info(entity, telling.version, map(_unnamed, shown or idle))
        return Content(CONTENT_TYPE, body)


def _is_shown(leg: Leg) -> bool:
    """Tell whether a lamp shows a leg: a phone that is called is, from when it rings; else each call is told twice."""
    return leg.is_live and (leg.called_us or leg.state not in _ABOUT_TO_RING)


def _unnamed(dialog: DialogState) -> DialogState:
    """Leave the names out: what lamps and pickup need stays."""
    return dialog._replace(local=dialog.local._replace(display_name=""), remote=dialog.remote._replace(display_name=""))
