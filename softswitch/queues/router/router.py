"""The router as one thing: an event in, facts out, each applied before the next is decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.decide import decide
from softswitch.queues.router.matching import offer_of_entry, offer_to_agent
from softswitch.queues.router.state import RouterState

Place = Callable[[object, str], Record]
"""Gives a fact of a conversation its place among all facts."""

Wake = Callable[[RouterState, float], facts.QueueOffered | None]
"""Looks whether somebody whose lot may have changed can be brought together with somebody now."""


def _entry(number: int) -> Wake:
    return lambda state, now: offer_of_entry(state, number, now)


def _agent(user: str) -> Wake:
    return lambda state, now: offer_to_agent(state, user, now)


def take(state: RouterState, event: events.Event, now: float, place: Place) -> Iterator[Record]:
    """Decide what follows from an event until nothing more does; apply each fact, and give its record.

    Args:
        state: what the router knows; changed by the facts.
        event: what happened.
        now: wall time.
        place: makes a fact's record.
    """
    woken: deque[Wake] = deque()
    if isinstance(event, events.LookAgain):
        woken.append(_agent(event.user))
    for fact in decide(state, event, now):
        record = place(fact, conversation_of(state, fact, event))
        apply(state, record)
        woken.extend(wakes(state, fact))
        yield record
    while woken:
        offer = woken.popleft()(state, now)
        if offer is not None:
            record = place(offer, conversation_of(state, offer, event))
            apply(state, record)
            yield record


def conversation_of(state: RouterState, fact: Any, event: events.Event) -> str:  # noqa: ANN401  # any fact
    """Return the conversation that a fact is about; empty for facts of queues and agents."""
    if isinstance(fact, facts.QueueEntered | facts.CallbackDialled) and isinstance(
        event, events.Enter | events.DialCallback
    ):
        return event.conversation_id
    entry = state.entries.get(getattr(fact, "entry", 0))
    return "" if entry is None else entry.conversation_id


def wakes(state: RouterState, fact: object) -> list[Wake]:
    """Return whose lot a fact, already applied, may have changed for the better."""
    if isinstance(fact, facts.AgentTurned):
        return [_agent(fact.user)] if fact.free else []
    if isinstance(fact, facts.QueueConfigured):
        line = [_entry(key[-1]) for key in state.queues[fact.queue].line]
        return line + [_agent(slot.user) for slot in state.agents.values() if slot.free]
    return [_entry(fact.entry)] if isinstance(fact, _BRINGS_BACK) else []


_BRINGS_BACK: Final = (
    facts.QueueEntered,
    facts.QueueDeclined,
    facts.QueueRoundOver,
    facts.QueueRelaxed,
    facts.CallbackAsked,
)
