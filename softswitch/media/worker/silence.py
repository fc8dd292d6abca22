"""Phones that vanished: they are obliged to send and have sent nothing for a minute, neither RTP nor RTCP.

Whoever is told asks the phone in its dialog; silence alone ends no call, since some phones send nothing in pauses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.media.engine import LegSilent
from softswitch.media.worker.ledger import Ledger
from softswitch.media.worker.leg import Leg

SILENCE_S: Final = 60.0
LOOK_EVERY_S: Final = 5.0


class SilenceWatch:
    """Looks for silent legs now and then.

    Args:
        legs: all legs by row.
        ledger: knows when each was heard last.
        emit: takes the events.
    """

    def __init__(self, legs: Mapping[int, Leg], ledger: Ledger, emit: Callable[[LegSilent], None]) -> None:
        self._legs = legs
        self._ledger = ledger
        self._emit = emit
        self._next_look = 0.0

    def look(self, *, now: float) -> None:
        """Tell of every leg that is silent too long; of each again after as long a time."""
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        for row in self._ledger.silent_since(now - SILENCE_S):
            leg = self._legs.get(row)
            if leg is not None and leg.may_receive and now - leg.alive_at >= SILENCE_S:
                leg.alive_at = now
                self._emit(LegSilent(leg.name))
