"""What is remembered for a moment of a dialog that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parting:
    """How a leg's dialog has just ended: what a brain says again where the one before it died at that moment."""

    leg: str
    by: str
    how: str
    status: int
    cause: int
    reason: str
    """All of them as in the fact ``leg.ended``."""
    dialog: tuple[Any, ...]
    """The last snapshot of its dialog."""
    at_s: float
    """Wall time of the end."""
