"""What the parts of the queues' desk work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from softswitch.app.folded_state import FoldedState
from softswitch.app.people import People
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.directory.site import Site
from softswitch.queues.router import events


class QueueMeans(NamedTuple):
    """What they are all given."""

    folded: FoldedState
    """Who waits, in which status everybody is, how long talks last, and the calls."""
    site: Callable[[], Site]
    """Returns the site in force."""
    people: People
    """Who may be offered a call."""
    turn: Turn
    wake_ups: WakeUps
    """Wakes at the deadlines of entries, talks with callers, and wrap-ups."""
    say: Callable[[events.Event], None]
    """Tells the router something, and has done what it decides."""
    later: Callable[[Callable[[], None]], None]
    """Has something done once the present fact is dealt with."""
