"""A worker's place before other programs, where the system grants it."""

from __future__ import annotations

import os
from typing import Final

_REALTIME_PRIORITY: Final = 10
_NICE: Final = -10


def raise_priority() -> str:
    """Ask for real-time scheduling, else for a better nice value; return what was granted, perhaps ``normal``."""
    try:
        # What it starts, a recorder, gets an ordinary place.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_REALTIME_PRIORITY))
    except OSError:
        pass
    else:
        return "realtime"
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except OSError:
        return "normal"
    return "nice"
