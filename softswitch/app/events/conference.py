"""The package ``conference`` (RFC 4575): who is in a room, or in a conference that a phone's key has made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from softswitch.app.events.package import Content, Telling
from softswitch.app.focus import conversation_in, room_named
from softswitch.calls import conference_facts, facts
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.core.errors import SipError
from softswitch.core.facts import Record
from softswitch.directory.site import Room, Site, User
from softswitch.sip.bodies.conference_info import CONTENT_TYPE, MemberState, write_conference_info
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.uri import Uri


class ConferencePackage:
    """Tells who is in a conference.

    A room that anybody may dial may be watched by every user; one with a PIN, or one that a phone has made, by whoever
    is in it.

    Args:
        calls: the calls.
        site: the rooms and users.
        domain: the host part of addresses.
    """

    name = "conference"
    content_types = (CONTENT_TYPE,)
    duration = Duration()
    follows = frozenset(
        {
            conference_facts.ConferenceStarted,
            conference_facts.ConferenceJoined,
            conference_facts.ConferenceLeft,
            conference_facts.ConferenceInvited,
            conference_facts.ConferenceInvitationEnded,
            conference_facts.ConferenceEnded,
            conference_facts.LegMuted,
            facts.LegProgressed,
            facts.LegReoffered,
        }
    )
    listed = False

    def __init__(self, calls: CallsState, site: Callable[[], Site], domain: str) -> None:
        self._calls = calls
        self._site = site
        self._domain = domain

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the user part of a conference's URI."""
        room = self._room(number)
        there = None if room is None else conversation_in(self._calls, room.name)
        if room is None or (there is None and room.name not in self._site().rooms):
            raise SipError("there is no such conference", 404)
        if not self.may_watch(room.extension, watcher.name):
            raise SipError("only who is in it may watch it", 403)
        return room.extension

    def may_watch(self, resource: str, user: str) -> bool:
        """Tell whether a room is open to all, or the user is in it."""
        room = self._room(resource)
        if room is None:
            return False
        open_to_all = room.name in self._site().rooms and not room.pin
        return open_to_all or any(leg.user == user for leg in _members(conversation_in(self._calls, room.name)))

    def _room(self, number: str) -> Room | None:
        return self._site().room_by_extension(number) or room_named(self._site(), number)

    def touched(self, record: Record) -> Iterable[str]:
        """Return the conference that a fact changes."""
        made = record.fact
        name = made.room if type(made) is conference_facts.ConferenceStarted else self._room_of(record.conversation_id)
        room = room_named(self._site(), name) if name else None
        return () if room is None else (room.extension,)

    def _room_of(self, conversation_id: str) -> str:
        conversation = self._calls.conversations.get(conversation_id)
        return "" if conversation is None or conversation.conference is None else conversation.conference.room

    def state(self, resource: str) -> tuple[MemberState, ...]:
        """Return who is in the conference, in the order of their coming, then who is called into it."""
        room = self._room(resource)
        conversation = None if room is None else conversation_in(self._calls, room.name)
        if conversation is None:
            return ()
        there = [self._member(leg, "on-hold" if leg.held else "connected") for leg in _members(conversation)]
        return (*there, *(self._member(leg, _called(leg)) for leg in conversation.invited()))

    def _member(self, leg: Leg, status: str) -> MemberState:
        user = self._site().users.get(leg.user)
        uri = str(Uri("sip", leg.number or "anonymous", self._domain))
        return MemberState(leg.leg, uri, "" if user is None else user.display_name, status, leg.muted)

    def write(self, telling: Telling) -> Content:
        """Write the document."""
        resource = telling.watch.resource
        room, entity = self._room(resource), str(Uri("sip", resource, self._domain))
        subject = "" if room is None else room.name
        return Content(CONTENT_TYPE, write_conference_info(entity, subject, telling.version, telling.state))


def _members(conversation: Conversation | None) -> list[Leg]:
    if conversation is None or conversation.conference is None:
        return []
    return [conversation.legs[name] for name in conversation.conference.members]


def _called(leg: Leg) -> str:
    return "alerting" if leg.state is LegState.RINGING else "dialing-out"
