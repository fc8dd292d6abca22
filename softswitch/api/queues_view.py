"""What the API sees of the queues; the brain fills it. This is also the data of wallboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EntryView:
    """A place in a line."""

    entry: int
    conversation_id: str
    """Empty for a callback whose turn has not come."""
    number: str
    kind: str
    """``call`` or ``callback``."""
    state: str
    """``waiting``, ``offered`` (agents are rung) or ``served``."""
    position: int
    """In the queue's line, from 1; 0 for one who is served."""
    waited_s: int
    estimated_wait_s: int | None
    """From now; None where nothing is known yet, or nobody serves the queue."""
    agents: tuple[str, ...]
    """Who is rung, or serves."""
    arrived_at: str
    """ISO 8601 in UTC; the place counts from it."""
    phase: str = "music"
    """What the caller hears or is asked: ``music``, ``telling``, ``offering``, ``confirming``, ``typing``."""


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """What an agent has done today (UTC), over all queues."""

    user: str
    offered: int
    answered: int
    rejected: int
    missed: int
    talked_s: int
    logged_in_s: int
    occupancy: float | None
    """Talk in percent of the time logged in to queues."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue now, and what it has done today (UTC)."""

    name: str
    extension: str
    strategy: str
    priority: str
    supervisors: tuple[str, ...]
    waiting: int
    """Nobody has them yet, callbacks among them."""
    longest_wait_s: int
    served: int
    """Talking now."""
    agents: Mapping[str, str]
    """Members, each with what keeps them from being offered a call now: ``free``, ``logged out``, ``offline``,
    ``ringing``, ``serving``, ``wrap-up``, ``blocked``, ``busy``, ``status``."""
    entered: int
    answered: int
    answered_in_time: int
    abandoned: int
    abandoned_at_once: int
    left: int
    callbacks: int
    mean_wait_s: float
    longest_s: int
    mean_talk_s: float
    mean_handling_s: float
    """Talk and wrap-up (AHT)."""
    sla_s: float
    short_abandon_s: float
    service_level: float | None
    """In percent; None where no call counts yet."""
    service_level_formula: str
    waiting_entries: tuple[EntryView, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Something that supervisors were told unasked."""

    notice: int
    at: str
    """ISO 8601 in UTC."""
    queue: str
    kind: str
    """``lost``: a caller hung up; ``callback``: one was given up; ``sla``: somebody waits longer than ``sla_s``."""
    number: str
    waited_s: int
    pending: tuple[str, ...]
    """Channels by which it has not gone out yet."""
    problems: Mapping[str, str]
    """Why it has not gone out by a channel: those that are pending are tried again, the others are given up."""
    conversation_id: str = ""
    """The call, for ``softswitch why``."""


class QueuesView(Protocol):
    """The queues of the running switch. Every method returns at once."""

    def queues(self) -> Sequence[QueueView]:
        """List all queues."""
        ...

    def queue(self, name: str) -> QueueView:
        """Return one queue.

        Raises:
            CommandError: there is none of that name.
        """
        ...

    def notices(self) -> Sequence[NoticeView]:
        """List the last notices to supervisors, the newest last."""
        ...

    def agent_figures(self) -> Sequence[AgentFigures]:
        """List what agents have done today."""
        ...
