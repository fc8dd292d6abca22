"""How a brain dies in the simulation: where in a turn, and for how long nobody takes its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Death:
    """The end of one brain.

    What a turn comes to is kept as a whole and then let out piece by piece, so there are three places to die at: before
    anything is kept (what came in is gone), between two messages, and after the last one. Turns count on over all
    brains, and each step of a start is one: a brain may die while it takes over from another.
    """

    turn: int
    """The turn in which it dies."""
    keeps: bool = True
    """Whether that turn's facts are kept."""
    lets_out: int | None = None
    """How many of that turn's messages are sent, before the notes to the media plane are; None: all that there is."""
    away_s: float = 0.0
    """How long it takes until the next brain begins to start. What arrives meanwhile waits in the sockets."""
