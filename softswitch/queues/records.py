"""What queues leave in the database: the facts of router and agents as rows that reports query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.core.rows import RowChange, Value
from softswitch.queues.agents import facts as of_agents
from softswitch.queues.router import facts


def _entry(fact: Any, **values: Value) -> RowChange:  # noqa: ANN401  # any fact of an entry
    return RowChange("queue_entries", (fact.entry,), values)


def _entered(record: Record, fact: facts.QueueEntered) -> Sequence[RowChange]:
    change = _entry(
        fact,
        conversation_id=record.conversation_id,
        queue=fact.queue,
        number=fact.number,
        kind=fact.kind,
        arrived_at=fact.arrived_s,
        entered_at=record.wall_s,
    )
    return (change,)


def _answered(record: Record, fact: facts.QueueAnswered) -> Sequence[RowChange]:
    change = _entry(fact, answered_at=record.wall_s, user_name=fact.user, waited_s=fact.waited_s)
    return (change, _outcome(record, fact, "answered"))


def _finished(record: Record, fact: facts.QueueFinished) -> Sequence[RowChange]:
    return (_entry(fact, ended_at=record.wall_s, talk_s=fact.talk_s, end_how="served"),)


def _left(record: Record, fact: facts.QueueLeft) -> Sequence[RowChange]:
    return (_entry(fact, ended_at=record.wall_s, end_how=fact.how, waited_s=fact.waited_s),)


def _callback(record: Record, fact: facts.CallbackAsked) -> Sequence[RowChange]:
    return (_entry(fact, kind="callback", number=fact.number),)


def _dialled(record: Record, fact: facts.CallbackDialled) -> Sequence[RowChange]:
    return (_entry(fact, callback_conversation_id=record.conversation_id),)


def _declined(record: Record, fact: facts.QueueDeclined) -> Sequence[RowChange]:
    return (_outcome(record, fact, fact.how),)


def _outcome(record: Record, fact: Any, how: str) -> RowChange:  # noqa: ANN401  # of one agent and one entry
    values: dict[str, Value] = {"entry": fact.entry, "queue": fact.queue, "user_name": fact.user, "how": how}
    return RowChange("queue_outcomes", (record.sequence,), {**values, "at": record.wall_s})


def _state(record: Record, fact: Any, step: str, status: str, queue: str = "") -> Sequence[RowChange]:  # noqa: ANN401
    values: dict[str, Value] = {"user_name": fact.user, "at": record.wall_s, "step": step, "status": status}
    return (RowChange("agent_states", (record.sequence,), {**values, "queue": queue}),)


PROJECTORS: Final[Mapping[type, Callable[[Record, Any], Sequence[RowChange]]]] = {
    facts.QueueEntered: _entered,
    facts.QueueAnswered: _answered,
    facts.QueueFinished: _finished,
    facts.QueueLeft: _left,
    facts.QueueDeclined: _declined,
    facts.CallbackAsked: _callback,
    facts.CallbackDialled: _dialled,
    of_agents.AgentWorked: lambda record, fact: _state(record, fact, fact.step, fact.status, fact.queue),
    of_agents.StatusChosen: lambda record, fact: _state(record, fact, "chosen", fact.status),
    of_agents.AgentLoggedIn: lambda record, fact: _state(record, fact, "logged_in", fact.status),
    of_agents.AgentLoggedOut: lambda record, fact: _state(record, fact, "logged_out", fact.status),
    of_agents.AgentEnteredQueue: lambda record, fact: _state(record, fact, "entered_queue", "", fact.queue),
    of_agents.AgentLeftQueue: lambda record, fact: _state(record, fact, "left_queue", "", fact.queue),
}
"""What each fact changes in ``queue_entries``, ``queue_outcomes`` and ``agent_states``."""
