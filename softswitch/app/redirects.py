"""Follows phones that answer 3xx: their user has set a forward at the phone itself (RFC 3261 §8.1.3.4, §21.3).

It is a forward like any other: the new number is looked up with the user's own rights and routes, so a phone sends
nobody where its user may not call. Calls of groups and queues are not followed: there others are rung in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from softswitch.app.diverted import diverted_lines, times_diverted
from softswitch.calls.destinations import Destination, Phone, RingPhones
from softswitch.calls.state import CallsState, Leg
from softswitch.core.errors import SipError
from softswitch.directory.routing import dialled_number
from softswitch.directory.site import Site, User
from softswitch.sip.flow import Flow
from softswitch.sip.message import Response
from softswitch.sip.uri import Uri

MOST_HOPS: Final = 5
_NOT_FOLLOWED: Final = frozenset({"group", "queue"})
"""Guides that ring others themselves."""


class Redirects:
    """Finds where phones send callers.

    Args:
        calls: the calls.
        site: the site in force.
        destination_of: finds where a number leads for a user.
        is_here: tells whether a URI names somebody here; gets the flow and the Contact of the phone that spoke it.
    """

    def __init__(
        self,
        calls: CallsState,
        site: Callable[[], Site],
        destination_of: Callable[[str, User], Destination],
        is_here: Callable[[Uri, Flow, str], bool],
    ) -> None:
        self._calls = calls
        self._site = site
        self._destination_of = destination_of
        self._is_here = is_here

    def phones(self, leg_name: str, response: Response | None) -> tuple[Phone, ...]:
        """Return the phones to be rung in place of one that answered 3xx; none where it is not followed."""
        leg, conversation = self._calls.legs.get(leg_name), self._calls.conversation_of(leg_name)
        if leg is None or conversation is None or response is None or not 300 <= response.status < 400:
            return ()
        user = self._site().users.get(leg.user)
        if user is None or conversation.guide.partition(":")[0] in _NOT_FOLLOWED:
            return ()
        number = self._number_in(response, leg)
        hops = times_diverted(leg.headers)
        if not number or number == user.extension or hops >= MOST_HOPS:
            return ()
        found = self._destination_of(number, user)
        return self._told(leg, user, number, hops, found) if isinstance(found, RingPhones) else ()

    def _told(self, leg: Leg, user: User, number: str, hops: int, found: RingPhones) -> tuple[Phone, ...]:
        lines = diverted_lines(self._site().domain, user.extension, "deflection", number, hops + 1)
        return tuple(replace(phone, headers=(*phone.headers, *lines)) for phone in found.phones)

    def _number_in(self, response: Response, leg: Leg) -> str:
        """Return the number that a phone sends callers to; empty where it names none, or one of somebody else's."""
        try:
            contacts = response.contacts
            here = bool(contacts) and self._is_here(contacts[0].uri, leg.flow, leg.uri)
            return dialled_number(contacts[0].uri) if here else ""
        except SipError:
            return ""
