"""What the API sees of phones beside their calls; the brain fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """Something that a phone watches."""

    extension: str
    """Whose phone it is."""
    package: str
    """``dialog``, ``message-summary``, ``presence`` ..."""
    resource: str
    """What is watched: an extension, or the name of a list."""
    contact: str
    state: str
    """``quiet`` where the phone knows how it is; ``telling``, ``behind`` or ``waiting`` where it does not yet."""
    expires_s: int
    """Seconds from now."""


@dataclass(frozen=True, slots=True)
class ResyncView:
    """A phone that was told to look at its configuration."""

    contact: str
    event: str
    """The Event header that it was sent."""


class PhonesView(Protocol):
    """What phones watch, and orders to them. Every method returns at once."""

    def subscriptions(self) -> Sequence[SubscriptionView]:
        """List what phones watch."""
        ...

    def resync(self, extension: str, *, reboot: bool, contact: str) -> Sequence[ResyncView]:
        """Tell phones to read their configuration again, or to start anew.

        Raises:
            CommandError: there is no such user, or no such phone is registered.
        """
        ...
