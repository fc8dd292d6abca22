"""What an event package is to the desk that serves it (RFC 6665 §7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from softswitch.core.errors import SipError
from softswitch.core.facts import Record
from softswitch.core.immutable import immutable
from softswitch.directory.site import Site, User
from softswitch.directory.subscriptions import Watch
from softswitch.sip.message import Request
from softswitch.sip.ua.subscription import Duration

StateValue: TypeAlias = Any
"""How a resource is, as its package says it: a value that can be compared."""


class Content(NamedTuple):
    """What a NOTIFY carries."""

    content_type: str
    body: bytes


@immutable
class Telling:
    """One NOTIFY to be written."""

    watch: Watch
    version: int
    """Counts up within the subscription."""
    state: StateValue
    """As :meth:`Package.state` gave it."""
    before: StateValue
    """What the subscriber was told last; None where it was told nothing, or a whole is wanted."""


class Package(Protocol):
    """One event package."""

    @property
    def name(self) -> str:
        """What Event calls it."""
        ...

    @property
    def content_types(self) -> tuple[str, ...]:
        """What it writes; a subscriber whose Accept names none of them gets 406."""
        ...

    @property
    def follows(self) -> Collection[type]:
        """The types of the facts that :meth:`touched` is asked about."""
        ...

    @property
    def duration(self) -> Duration:
        """How long a subscription may last."""
        ...

    @property
    def listed(self) -> bool:
        """Whether lists of resources can be subscribed to (RFC 4662)."""
        ...

    def resource(self, request: Request, number: str, watcher: User) -> str:
        """Return what a SUBSCRIBE is about.

        Args:
            request: it.
            number: whom its Request-URI names.
            watcher: whose phone sent it.

        Raises:
            SipError: there is no such thing (404), or it is not this user's business (403).
        """
        ...

    def state(self, resource: str) -> StateValue:
        """Return how the resource is now: a value that can be compared."""
        ...

    def write(self, telling: Telling) -> Content:
        """Write a NOTIFY's body."""
        ...

    def touched(self, record: Record) -> Iterable[str]:
        """Return the resources that a fact of these types may change; it is asked before the fact is applied."""
        ...


@runtime_checkable
class Settable(Protocol):
    """A package whose subscribers also set what it tells."""

    def set_by(self, watcher: User, body: bytes) -> None:
        """Do what the body of a SUBSCRIBE asks for.

        Raises:
            SipError: it cannot be read.
        """
        ...


@runtime_checkable
class Guarded(Protocol):
    """A package that not everybody may go on watching."""

    def may_watch(self, resource: str, user: str) -> bool:
        """Tell whether a user may still watch something; whoever may not is told so, and nothing more."""
        ...


@runtime_checkable
class Finite(Protocol):
    """A package whose resources come to an end; the subscription ends with the NOTIFY that tells it."""

    def is_over(self, state: StateValue) -> bool:
        """Tell whether nothing comes after a state."""
        ...


def user_named(site: Site, number: str) -> User:
    """Return the user of an extension.

    Raises:
        SipError: there is none (404).
    """
    user = site.user_by_extension(number)
    if user is None:
        raise SipError("nobody has that number", 404)
    return user


def own_resource(number: str, watcher: User) -> str:
    """Return the watcher's own extension where nobody else's is named.

    Phones name in a request about themselves their own address, that of the domain alone, or a code they dial.

    Raises:
        SipError: it is somebody else's (403).
    """
    if number.isdecimal() and number != watcher.extension:
        raise SipError("only one's own", 403)
    return watcher.extension
