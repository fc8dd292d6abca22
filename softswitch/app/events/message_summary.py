"""The package ``message-summary`` (RFC 3842): the lamp for messages, for subscribers and for phones that are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from softswitch.app.events.package import Content, Telling, own_resource
from softswitch.core.facts import Record
from softswitch.directory.site import Site, User
from softswitch.sip.bodies.message_summary import CONTENT_TYPE, MailCounts, write_message_summary
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.uri import Uri


class Mailboxes(Protocol):
    """Whoever keeps messages."""

    def counts(self, user: str) -> MailCounts:
        """Return how many messages a user has, by the user's name."""
        ...

    @property
    def follows(self) -> Collection[type]:
        """The types of the facts that change messages."""
        ...

    def touched(self, record: Record) -> Iterable[str]:
        """Return the names of the users whose messages a fact of these types changes."""
        ...


class NoMailboxes:
    """Nobody has any message."""

    follows: Collection[type] = ()

    def counts(self, user: str) -> MailCounts:
        """Return zeros."""
        return MailCounts()

    def touched(self, record: Record) -> Iterable[str]:
        """Nothing changes."""
        return ()


class MessageSummaryPackage:
    """Tells users how many messages they have.

    Args:
        mailboxes: who keeps them.
        site: the users, and the code that is dialled to hear messages.
        domain: the host part of addresses.
    """

    name = "message-summary"
    content_types = (CONTENT_TYPE,)
    duration = Duration()
    listed = False

    def __init__(self, mailboxes: Mailboxes, site: Callable[[], Site], domain: str) -> None:
        self.mailboxes = mailboxes
        self.follows = mailboxes.follows
        self._site = site
        self._domain = domain

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return the watcher's extension: everybody sees their own messages."""
        return own_resource(number, watcher)

    def touched(self, record: Record) -> Iterable[str]:
        """Return the extensions of those whose messages a fact changes."""
        users = self._site().users
        return [users[name].extension for name in self.mailboxes.touched(record) if name in users]

    def state(self, resource: str) -> MailCounts:
        """Return how many messages there are."""
        user = self._site().user_by_extension(resource)
        return MailCounts() if user is None else self.mailboxes.counts(user.name)

    def write(self, telling: Telling) -> Content:
        """Write the body."""
        return self.content(telling.state)

    def content(self, counts: MailCounts) -> Content:
        """Write the body for whoever has so many messages."""
        account = str(Uri("sip", self._site().codes["voicemail"], self._domain))
        return Content(CONTENT_TYPE, write_message_summary(account, counts))
