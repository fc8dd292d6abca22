"""The package ``presence`` (RFC 3856): whether somebody is there, talks, or does not want to be called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from softswitch.app.events.package import Content, Telling, user_named
from softswitch.app.people import People
from softswitch.calls import facts
from softswitch.calls.state import CallsState
from softswitch.core.facts import Record
from softswitch.directory.location import LocationState, RegistrationBound, RegistrationRemoved
from softswitch.directory.publications import PublicationEnded, Publications, Published
from softswitch.directory.site import Site, User
from softswitch.directory.statuses import NO
from softswitch.queues.agents import facts as agent_facts
from softswitch.sip.bodies.pidf import CONTENT_TYPE, PresenceState, write_pidf
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.uri import Uri

_OF_USERS: Final = (
    RegistrationBound,
    RegistrationRemoved,
    Published,
    PublicationEnded,
    agent_facts.AgentLoggedIn,
    agent_facts.AgentLoggedOut,
    agent_facts.StatusChosen,
    agent_facts.DisturbanceChosen,
)
_OF_LEGS: Final = (facts.LegAnswered, facts.LegAcknowledged, facts.LegEnded)


class PresencePackage:
    """Tells how users are to be reached.

    Args:
        people: who is in which status, and does not want to be disturbed.
        locations: who has a phone.
        calls: who talks.
        publications: what phones say of their users.
        site: the users.
        domain: the host part of addresses.
    """

    name = "presence"
    content_types = (CONTENT_TYPE,)
    duration = Duration()
    follows = frozenset({*_OF_USERS, *_OF_LEGS, facts.LegAdded})
    listed = True

    def __init__(
        self,
        people: People,
        locations: LocationState,
        calls: CallsState,
        publications: Publications,
        site: Callable[[], Site],
        domain: str,
    ) -> None:
        self._people = people
        self._locations = locations
        self._calls = calls
        self._publications = publications
        self._site = site
        self._domain = domain

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the extension of whoever is watched."""
        return user_named(self._site(), number).extension

    def touched(self, record: Record) -> Iterable[str]:
        """Return the extension of the user whom a fact is about."""
        made = record.fact
        kind = type(made)
        if kind in _OF_USERS or kind is facts.LegAdded:
            name = made.user
        else:
            leg = self._calls.legs.get(made.leg)
            name = "" if leg is None else leg.user
        user = self._site().users.get(name)
        return () if user is None else (user.extension,)

    def state(self, resource: str) -> PresenceState:
        """Return how a user is to be reached: what the switch knows goes before what a phone says."""
        user = self._site().user_by_extension(resource)
        if user is None or not self._locations.contacts_of(user.name):
            return PresenceState(False, "", "Offline")
        if self._calls.is_busy(user.name):
            return PresenceState(True, "on-the-phone", "On the phone")
        if self._people.is_undisturbed(user.name):
            return PresenceState(False, "busy", "Do not disturb")
        status = self._people.status_of(user)
        if user.respect_status and status.internal == NO:
            return PresenceState(False, "away", status.label_en)
        published = self._publications.of(user.name, self.name)
        return published or PresenceState(True, "", status.label_en)

    def write(self, telling: Telling) -> Content:
        """Write the document."""
        return Content(CONTENT_TYPE, write_pidf(str(Uri("sip", telling.watch.resource, self._domain)), telling.state))
