"""How long the transient states of a call last at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long the transient states of a call may last, in seconds."""

    setup_s: float = 5.0
    """Until the ports are there."""
    ring_s: float = 60.0
    """Until somebody answers."""
    guide_s: float = 3600.0
    """How long a guide may keep a caller at one thing: a guard, each guide has deadlines of its own."""
    close_s: float = 40.0
    """Until ports are closed and cancelled invitations are settled: above 64 x T1 (RFC 3261 §17)."""
    remind_s: float = 60.0
    """After which whoever lets somebody wait on hold is reminded of them, again and again; 0: never."""
    park_s: float = 120.0
    """Until whoever is parked goes back to who parked them."""
    move_s: float = 10.0
    """Until both phones have taken the ports that replace a dead worker's."""
    parting_s: float = 4.0
    """How long the end of a dialog is remembered. A brain that dies has let out all but what its last turn kept; this
    is longer, for what was lost on the way and not sent a second time."""
