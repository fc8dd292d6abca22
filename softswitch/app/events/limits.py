"""How much may be subscribed to."""

from __future__ import annotations

from softswitch.core.immutable import immutable


@immutable
class EventLimits:
    """How much may be subscribed to."""

    each_user: int = 300
    in_all: int = 20_000
