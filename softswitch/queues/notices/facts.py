"""The facts of notices to supervisors."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("queue.notice_raised", version=2)
class NoticeRaised:
    """Supervisors of a queue are to know of something."""

    notice: int
    queue: str
    kind: str
    """``lost``: a caller hung up; ``callback``: who wanted to be called back was not reached in all tries, or in time;
    ``sla``: somebody waits longer than the queue's ``sla_s``."""
    entry: int
    number: str
    """Who calls."""
    waited_s: float
    channels: tuple[str, ...]
    """By which it goes out: ``mail:ADDRESS``, ``webhook``."""
    conversation_id: str = ""
    """The call."""


@fact("queue.notice_over")
class NoticeOver:
    """A notice went out by a channel, or is given up there."""

    notice: int
    channel: str
    problem: str
    """Empty where it went out."""
