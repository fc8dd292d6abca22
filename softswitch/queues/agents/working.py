"""How calls that are distributed move a user on: a table, and what the state keeps of it.

Rows V-70 to V-77, M-18 to M-25. Which status goes with which step is data of the preset.
"""

from __future__ import annotations

from typing import Final

from softswitch.core.state_table import StateTable, Word


class Work(Word):
    """What a user does for queues."""

    IDLE = "idle"
    RINGING = "ringing"
    SERVING = "serving"
    WRAP_UP = "wrap-up"
    BLOCKED = "blocked"


class WorkInput(Word):
    """What can happen."""

    OFFERED = "a call is offered"
    RELEASED = "it is taken back, or rejected"
    MISSED = "it is not answered in time"
    SERVES = "it is answered"
    WRAPS_UP = "the talk is over, and there is something to be done after it"
    FINISHED = "nothing is left to be done, or the block is lifted"


WORK_TABLE: Final = StateTable(
    "agent",
    {
        (Work.IDLE, WorkInput.OFFERED): Work.RINGING,
        (Work.RINGING, WorkInput.RELEASED): Work.IDLE,
        (Work.RINGING, WorkInput.MISSED): Work.BLOCKED,
        (Work.RINGING, WorkInput.SERVES): Work.SERVING,
        (Work.SERVING, WorkInput.WRAPS_UP): Work.WRAP_UP,
        (Work.SERVING, WorkInput.FINISHED): Work.IDLE,
        (Work.IDLE, WorkInput.WRAPS_UP): Work.WRAP_UP,
        (Work.WRAP_UP, WorkInput.FINISHED): Work.IDLE,
        (Work.BLOCKED, WorkInput.FINISHED): Work.IDLE,
    },
)
"""An agent's way through a call. A wrap-up from idle follows a call of a group, which is not offered to one alone."""

STEPS: Final = {each.name.lower(): each for each in WorkInput}
"""By the word that stands in the fact."""
