"""How long a caller will probably wait: a stated estimator.

A caller at place p of a line that n agents serve waits for p of them to become free, which happens every h / n seconds,
where h is how long a call has kept an agent on average today, talk and wrap-up: **p x h / n**. Agents who serve several
queues are counted in each, so the estimate is too short where those are busy as well; ``bench/queue_router.py``
measures by how much it errs.
"""

from __future__ import annotations

from softswitch.queues.figures.state import Figures
from softswitch.queues.router.state import RouterState

NOT_SERVING = frozenset({"offline", "blocked", "status", "do-not-disturb"})
"""Reasons for not being free that do not pass by themselves soon."""


def estimated_wait_s(state: RouterState, figures: Figures, queue: str, position: int) -> int | None:
    """Return the estimate in seconds, or None where no talk has ended today or nobody serves the queue.

    Args:
        state: who is logged in.
        figures: how long talks last.
        queue: whose line.
        position: from 1.
    """
    found, day = state.queues.get(queue), figures.queues.get(queue)
    if found is None or day is None or not day.finished:
        return None
    serving = sum(state.agents[user].why not in NOT_SERVING for user in found.logged_in)
    return round(position * day.handling_s / serving) if serving else None
