"""What can be said to the router."""

from __future__ import annotations

from softswitch.core.immutable import immutable
from softswitch.queues.router.rules import QueueRules


@immutable
class Configure:
    """These are the queues now."""

    queues: tuple[QueueRules, ...]


@immutable
class Enter:
    """Somebody wants to wait in a queue."""

    conversation_id: str
    queue: str
    number: str
    priority: int = 0
    skills: tuple[str, ...] = ()
    arrived_s: float | None = None
    """From when the place counts; None: from now."""
    kind: str = "call"


@immutable
class Leave:
    """An entry is over: its caller is gone, or wants something else."""

    entry: int
    how: str


@immutable
class Turn:
    """An agent may be offered calls from queues now, or may not."""

    user: str
    free: bool
    why: str


@immutable
class LookAgain:
    """Something about an agent has changed that is folded already: logged in to a queue or out of it."""

    user: str


@immutable
class Decline:
    """An agent who was asked does not take the entry."""

    entry: int
    user: str
    how: str


@immutable
class Answer:
    """An agent took the entry."""

    entry: int
    user: str
    leg: str


@immutable
class Finish:
    """An agent's talk with the entry is over."""

    entry: int


@immutable
class AskCallback:
    """The caller wants to be called back."""

    entry: int
    number: str


@immutable
class ReachCallback:
    """The customer answered."""

    entry: int


@immutable
class MoveCaller:
    """What a waiting caller hears, or is asked, changes."""

    entry: int
    phase: str
    typed: str
    until_s: float


@immutable
class FailCallback:
    """The customer was not reached."""

    entry: int
    how: str


@immutable
class DialCallback:
    """A callback's conversation begins."""

    entry: int
    conversation_id: str


@immutable
class Due:
    """The time that :func:`softswitch.queues.router.deadlines.deadline_of` named has come."""

    entry: int


Event = (
    Configure
    | Enter
    | Leave
    | Turn
    | LookAgain
    | Decline
    | Answer
    | Finish
    | AskCallback
    | FailCallback
    | ReachCallback
    | MoveCaller
    | DialCallback
    | Due
)
