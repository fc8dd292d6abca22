"""What phones publish of themselves (RFC 3903), as far as it is state: folded from facts, each with its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from softswitch.core.facts import Record, fact
from softswitch.sip.bodies.pidf import PresenceState


@fact("publication.made")
class Published:
    """A phone published its user's presence, or did so again."""

    user: str
    package: str
    etag: str
    """What the phone has to name the next time."""
    replaced: str
    """The tag before, of what this takes the place; empty where it is new."""
    expires_at_s: float
    """Wall time."""
    open: bool
    activity: str = ""
    note: str = ""


@fact("publication.ended")
class PublicationEnded:
    """It is over."""

    user: str
    package: str
    etag: str
    reason: str
    """``removed`` or ``expired``."""


class Publication(NamedTuple):
    """What one phone says."""

    user: str
    package: str
    etag: str
    expires_at_s: float
    open: bool
    activity: str
    note: str


class Publications:
    """All publications; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._found: dict[str, Publication] = {}

    def __len__(self) -> int:
        return len(self._found)

    def get(self, etag: str) -> Publication | None:
        """Return what was published under a tag, or None."""
        return self._found.get(etag)

    def of(self, user: str, package: str) -> PresenceState | None:
        """Return what the phone of a user said last, or None where none says anything."""
        own = [one for one in self._found.values() if one.user == user and one.package == package]
        return PresenceState(own[-1].open, own[-1].activity, own[-1].note) if own else None

    def count_of(self, user: str) -> int:
        """Return how many phones of a user say something."""
        return sum(one.user == user for one in self._found.values())

    def next_expiry(self) -> float | None:
        """Return the wall time at which the next one expires, or None."""
        return min((one.expires_at_s for one in self._found.values()), default=None)

    def expired_at(self, wall_s: float) -> tuple[PublicationEnded, ...]:
        """Return what ends those whose time is over."""
        due = [one for one in self._found.values() if one.expires_at_s <= wall_s]
        return tuple(PublicationEnded(one.user, one.package, one.etag, "expired") for one in due)

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is Published:
            self._found.pop(made.replaced, None)
            self._found[made.etag] = Publication(
                made.user, made.package, made.etag, made.expires_at_s, made.open, made.activity, made.note
            )
        elif type(made) is PublicationEnded:
            self._found.pop(made.etag, None)

    def values(self) -> tuple[Any, ...]:
        """Return all as plain values, for a snapshot."""
        return tuple(tuple(one) for one in self._found.values())

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of publications.
        """
        for row in values:
            one = Publication(*row)
            self._found[one.etag] = one
