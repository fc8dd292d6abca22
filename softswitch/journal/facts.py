"""What the journal has to say about itself."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("journal.gap_found")
class GapFound:
    """A start found facts missing; what is known of them."""

    why: str
    """As in :class:`softswitch.journal.reading.Loss`."""
    where: str
    """Name of the file, and the offset in it where that says more."""
    first_sequence: int
    last_sequence: int
    """One below the first where octets were damaged and no fact is known to be gone."""
