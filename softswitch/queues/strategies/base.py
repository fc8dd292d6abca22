"""What a strategy is told of an agent, and what it says: a key, the smallest of which is chosen."""

from __future__ import annotations

from typing import Protocol

from softswitch.core.immutable import immutable

EVERYBODY = 0
"""As ``at_once``: all who are free ring together."""


@immutable
class Candidate:
    """An agent who could be given the call."""

    user: str
    place: int
    """In the queue's list of members, from 0."""
    priority: int
    """Of the member in this queue: 1 is asked first."""
    turn: int
    """How far behind the one who served last in the list: 0 is the next."""
    idle_since_s: float
    """Wall time at which the last call from a queue ended, or of the log-in where that is later."""
    talk_s: float
    """Seconds of talk in calls from queues, today (UTC)."""
    answered: int
    """Calls from queues that were answered, today (UTC)."""
    drawn: float
    """From 0 to 1, by chance; 0 where the strategy draws nothing."""


class Strategy(Protocol):
    """Orders candidates. Another package adds its own as an entry point of the group ``softswitch.strategies``."""

    at_once: int
    """How many ring together; :data:`EVERYBODY`: all."""
    draws: bool
    """Whether it needs numbers drawn by chance."""

    def key(self, candidate: Candidate) -> tuple[float, ...]:
        """Return what candidates are compared by, smallest first; equal ones go by their place in the list."""
        ...
