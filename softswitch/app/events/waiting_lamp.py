"""The lamp for messages of phones that never subscribed to it: NOTIFY unasked, as many phones want it.

It goes to phones of users who have a mailbox: when the messages change, and again to each phone that registers anew,
because a phone that was rebooted has forgotten. A phone that has subscribed is told by that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.app.events.message_summary import MessageSummaryPackage
from softswitch.core.facts import Record
from softswitch.directory.location import Binding, LocationState, RegistrationBound
from softswitch.directory.site import Site, User
from softswitch.directory.subscriptions import Subscriptions
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Request
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

OWNER: Final = "waiting-lamp"


class WaitingLamp:
    """Tells phones of messages unasked.

    Args:
        ua: sends.
        summary: writes.
        locations: where phones are.
        subscriptions: who is told anyway.
        site: the users.
        domain: the host part of our address.
    """

    def __init__(
        self,
        ua: UserAgent,
        summary: MessageSummaryPackage,
        locations: LocationState,
        subscriptions: Subscriptions,
        site: Callable[[], Site],
        domain: str,
    ) -> None:
        self._ua = ua
        self._summary = summary
        self._locations = locations
        self._subscriptions = subscriptions
        self._site = site
        self._domain = domain
        self.marked: dict[tuple[str, str], None] = {}
        """Names of users, with the key of one phone, or none for all of them."""

    def follow(self, record: Record) -> None:
        """See a fact before it is applied."""
        made = record.fact
        if type(made) is RegistrationBound:
            key = made.instance or made.contact
            old = self._locations.binding(made.user, key)
            if (old is None or old.sip_call_id != made.sip_call_id) and self._has_mailbox(made.user):
                self.marked[made.user, key] = None
        else:
            for user in self._summary.mailboxes.touched(record):
                if self._has_mailbox(user):
                    self.marked[user, ""] = None

    def _has_mailbox(self, name: str) -> bool:
        user = self._site().users.get(name)
        return user is not None and user.voicemail

    def end_turn(self, *, now: float) -> bool:
        """Tell the phones that were marked; return whether there was any."""
        if not self.marked:
            return False
        marked, self.marked = self.marked, {}
        for name, key in marked:
            user = self._site().users.get(name)
            for binding in self._locations.contacts_of(name) if user is not None else ():
                if user is not None and key in ("", binding.key) and not self._is_told(user, binding):
                    self._notify(user, binding, now)
        return True

    def _is_told(self, user: User, binding: Binding) -> bool:
        about = self._subscriptions.about(self._summary.name, user.extension)
        return any(watch.contact == binding.contact for watch in about)

    def _notify(self, user: User, binding: Binding, now: float) -> None:
        content = self._summary.content(self._summary.state(user.extension))
        us = Address(Uri("sip", user.extension, self._domain))
        headers = [
            ("From", str(us)),
            ("To", f"<{binding.contact}>"),
            ("Event", self._summary.name),
            ("Subscription-State", "terminated;reason=timeout"),
            ("Content-Type", content.content_type),
        ]
        headers += [("Route", route) for route in binding.path]
        request = Request("NOTIFY", binding.contact, headers, content.body)
        self._ua.request(request, binding.flow, owner=OWNER, now=now, contact=True)
