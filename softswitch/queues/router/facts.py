"""The facts of the queues: who came, who was offered what and why, how it ended.

The id of the conversation that a fact is about stands in the record. ``entry`` is a caller's place in a line: a number
that counts up over all queues, so that it also says who came first.
"""

from __future__ import annotations

from typing import Any

from softswitch.core.facts import fact


@fact("queue.configured")
class QueueConfigured:
    """A queue is served by these rules from now on."""

    queue: str
    rules: tuple[Any, ...]
    """:meth:`softswitch.queues.router.rules.QueueRules.values`."""


@fact("queue.removed")
class QueueRemoved:
    """A queue is served no more."""

    queue: str


@fact("queue.entered")
class QueueEntered:
    """Somebody waits in a queue."""

    entry: int
    queue: str
    number: str
    arrived_s: float
    """Wall time that the place in the line counts from."""
    priority: int = 0
    """Of the caller: more is served earlier."""
    skills: tuple[str, ...] = ()
    """What the agent must have; the last is dropped first."""
    only: str = ""
    """The agent whom the caller waits for before anybody else is asked."""
    kind: str = "call"
    """``call``, or ``callback`` for one that was asked for by other means than the queue."""


@fact("queue.agent_turned")
class AgentTurned:
    """An agent became free for calls from queues, or is not any more."""

    user: str
    free: bool
    why: str
    """Why not: ``offline``, ``busy``, ``serving``, ``wrap-up``, ``blocked``, ``status`` ..."""


@fact("queue.offered")
class QueueOffered:
    """Agents are asked to take an entry: their phones are about to ring."""

    entry: int
    queue: str
    users: tuple[str, ...]
    """In the strategy's order."""
    until_s: float
    """Wall time at which those who have not answered have missed it."""
    strategy: str
    keys: tuple[tuple[float, ...], ...]
    """By which each of them was chosen."""
    drawn: tuple[float, ...]
    """The numbers drawn for each, where the strategy draws."""
    passed: tuple[tuple[str, int], ...]
    """How many other members were passed over, by reason."""
    sticky: bool = False
    """Whether chosen because the caller talked with this agent last."""
    joined: bool = False
    """Whether they join others whose phones ring already."""


@fact("queue.declined")
class QueueDeclined:
    """An agent who was asked does not take the entry."""

    entry: int
    queue: str
    user: str
    how: str
    """``rejected``, ``missed``, ``unreachable``; ``withdrawn`` where it was not the agent's doing."""


@fact("queue.answered")
class QueueAnswered:
    """An agent has the entry; others who were asked are not any more."""

    entry: int
    queue: str
    user: str
    leg: str
    waited_s: float


@fact("queue.finished")
class QueueFinished:
    """An agent has done with the entry."""

    entry: int
    queue: str
    user: str
    talk_s: float


@fact("queue.left", version=2)
class QueueLeft:
    """An entry is over and no agent took it."""

    entry: int
    queue: str
    how: str
    """``abandoned``, ``time``, ``full``, ``no-agents``, ``key``, ``removed``, ``expired``, ``failed``, ``picked-up``,
    ``lost``."""
    waited_s: float
    arrived_s: float
    priority: int = 0
    """Of the caller, who may go on to another queue."""
    skills: tuple[str, ...] = ()


@fact("queue.round_over")
class QueueRoundOver:
    """All who were free have been asked; who did not take the entry may be asked again."""

    entry: int


@fact("queue.relaxed")
class QueueRelaxed:
    """An entry asks for less than before."""

    entry: int
    skills: tuple[str, ...]
    only: str


@fact("queue.callback_asked")
class CallbackAsked:
    """The caller need not wait at the phone any more: the entry stays, and the number is called in its turn."""

    entry: int
    queue: str
    number: str
    arrived_s: float
    """From which the place counts: the old one, unless the queue's rules say otherwise."""
    expires_s: float


@fact("queue.caller_moved")
class CallerMoved:
    """What a waiting caller hears, or is asked, changed."""

    entry: int
    phase: str
    """``music``, ``telling`` (place and wait), ``offering`` a callback, ``confirming`` a number, ``typing`` another."""
    typed: str
    """Digits of another number, so far."""
    until_s: float
    """When the phase is over by itself; 0 for never."""


@fact("queue.callback_reached", version=2)
class CallbackReached:
    """The customer answered."""

    entry: int
    until_s: float = 0.0
    """Where the customer was rung first: when the agent who is rung now has missed it. The entry is a call again."""


@fact("queue.callback_failed")
class CallbackFailed:
    """The customer was not reached: the entry rests, then waits again."""

    entry: int
    queue: str
    how: str
    tries: int
    rest_until_s: float
    user: str
    """The agent who was with it; empty for none."""


@fact("queue.callback_dialled")
class CallbackDialled:
    """The turn of a callback has come: a conversation of its own, named in the record, begins."""

    entry: int
