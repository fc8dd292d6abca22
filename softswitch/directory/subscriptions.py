"""What phones have subscribed to (RFC 6665), folded from facts, so that lamps stay right when a brain is replaced.

NOTIFYs are no facts: a brain that comes after another one tells every subscriber anew how things are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact
from softswitch.sip.ua.subscription_snapshot import SubscriptionSnapshot


@fact("subscription.made")
class SubscriptionMade:
    """A phone subscribed."""

    subscription: str
    """Our name for it."""
    user: str
    """Name of the user whose phone it is."""
    package: str
    """``dialog``, ``presence`` ..."""
    resource: str
    """What it is about, as the package names it: mostly an extension."""
    members: tuple[str, ...]
    """Of a list (RFC 4662): what it is about in fact."""
    expires_at_s: float
    """Wall time."""
    dialog: tuple[Any, ...]
    """:class:`softswitch.sip.ua.subscription_snapshot.SubscriptionSnapshot`."""
    contact: str = ""
    user_agent: str = ""


@fact("subscription.refreshed")
class SubscriptionRenewed:
    """The phone subscribed again in the same dialog, or is reached another way."""

    subscription: str
    expires_at_s: float
    dialog: tuple[Any, ...]


@fact("subscription.ended")
class SubscriptionEnded:
    """It is over."""

    subscription: str
    reason: str
    """``unsubscribed``, ``expired``, ``noresource``, or what the NOTIFY was answered."""


class Watch(NamedTuple):
    """One subscription."""

    subscription: str
    user: str
    package: str
    resource: str
    members: tuple[str, ...]
    expires_at_s: float
    dialog: tuple[Any, ...]
    contact: str
    user_agent: str

    @property
    def told_of(self) -> tuple[str, ...]:
        """What a change of which has to be told: the members of a list, else the resource."""
        return self.members or (self.resource,)


class Subscriptions:
    """All subscriptions; changed by :meth:`apply` alone.

    Attributes:
        by_name: each of them; only to be read.
    """

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self.by_name: Mapping[str, Watch] = self._watches
        self._of: dict[tuple[str, str], dict[str, None]] = {}
        self._users: dict[str, dict[str, None]] = {}
        self._dialogs: dict[tuple[str, str], dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._watches)

    def __iter__(self) -> Iterator[Watch]:
        return iter(self._watches.values())

    def get(self, subscription: str) -> Watch | None:
        """Return one subscription, or None."""
        return self._watches.get(subscription)

    def about(self, package: str, resource: str) -> tuple[Watch, ...]:
        """Return the subscriptions to something, the oldest first."""
        return tuple(self._watches[name] for name in self._of.get((package, resource), ()))

    def has(self, package: str, resource: str) -> bool:
        """Tell whether anybody has subscribed to something."""
        return (package, resource) in self._of

    def of_user(self, user: str) -> tuple[Watch, ...]:
        """Return what the phones of a user have subscribed to, the oldest first."""
        return tuple(self._watches[name] for name in self._users.get(user, ()))

    def count_of(self, user: str) -> int:
        """Return how many the phones of a user have."""
        return len(self._users.get(user, ()))

    def made_by(self, sip_call_id: str, remote_tag: str) -> tuple[Watch, ...]:
        """Return what was made by SUBSCRIBEs with that Call-ID and From tag."""
        return tuple(self._watches[name] for name in self._dialogs.get((sip_call_id, remote_tag), ()))

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is SubscriptionMade:
            self._put(
                Watch(
                    made.subscription,
                    made.user,
                    made.package,
                    made.resource,
                    made.members,
                    made.expires_at_s,
                    made.dialog,
                    made.contact,
                    made.user_agent,
                )
            )
        elif type(made) is SubscriptionRenewed:
            known = self._watches.get(made.subscription)
            if known is not None:
                renewed = known._replace(expires_at_s=made.expires_at_s, dialog=made.dialog)
                self._watches[made.subscription] = renewed
        elif type(made) is SubscriptionEnded:
            self._drop(made.subscription)

    def _put(self, watch: Watch) -> None:
        self._drop(watch.subscription)
        self._watches[watch.subscription] = watch
        for index, place in self._places(watch):
            index.setdefault(place, {})[watch.subscription] = None

    def _drop(self, subscription: str) -> None:
        gone = self._watches.pop(subscription, None)
        for index, place in self._places(gone) if gone is not None else ():
            names = index[place]
            names.pop(subscription, None)
            if not names:
                del index[place]

    def _places(self, watch: Watch) -> Iterator[tuple[dict[Any, dict[str, None]], Any]]:
        """Return every index with the place in it that a subscription is found at."""
        yield from ((self._of, (watch.package, resource)) for resource in watch.told_of)
        yield self._users, watch.user
        yield self._dialogs, SubscriptionSnapshot.from_values(watch.dialog).ends

    def values(self) -> tuple[Any, ...]:
        """Return all subscriptions as plain values, under the names of their columns, for a snapshot."""
        return (Watch._fields, tuple(tuple(watch) for watch in self))

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave; columns that nobody knows any more are left out.

        Raises:
            LookupError, TypeError, ValueError: these are not the values of subscriptions.
        """
        if values:
            names, rows = values
            for row in rows:
                found: Iterable[tuple[str, Any]] = zip(names, row, strict=True)
                self._put(Watch(**{name: value for name, value in found if name in Watch._fields}))
