"""The facts of what people note about a conversation. Its id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("information.tagged")
class InformationTagged:
    """What a conversation is about, in the words of whoever serves it; all of them, in the place of those before."""

    leg: str
    """Of whoever chose them."""
    tags: tuple[str, ...]


@fact("information.noted")
class InformationNoted:
    """Somebody has written a note, in the place of the one that they had written before; an empty one takes it away."""

    user: str
    """Name of the user who wrote it."""
    text: str
