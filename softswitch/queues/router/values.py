"""The router's state as plain values, for a snapshot, and made again from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import AgentSlot, Entry, EntryState, QueueState, RouterState

_ENTRY: Final = tuple(field.name for field in fields(Entry))


def values_of(state: RouterState) -> tuple[Any, ...]:
    """Return the state as plain values; equal states give equal values."""
    queues = tuple(
        (name, queue.rules.values(), queue.last_served, tuple((n, *last) for n, last in queue.sticky.items()))
        for name, queue in state.queues.items()
    )
    agents = tuple(
        (a.user, tuple(sorted(a.queues)), a.free, a.why, a.entry, a.idle_since_s, a.day, a.talk_s, a.answered)
        for a in state.agents.values()
    )
    return queues, agents, tuple(map(_entry_values, state.entries.values())), state.entered, tuple(state.ringing)


def _entry_values(entry: Entry) -> tuple[Any, ...]:
    return tuple(_plain(getattr(entry, name)) for name in _ENTRY)


def _plain(value: object) -> object:
    if isinstance(value, EntryState):
        return value.value
    return tuple(value.items()) if isinstance(value, dict) else value


def restore(state: RouterState, values: Sequence[Any]) -> None:
    """Put into an empty state what :func:`values_of` gave."""
    queues, agents, entries, state.entered, ringing = values
    for user, names, free, why, number, idle_since_s, day, talk_s, answered in agents:
        state.agents[user] = AgentSlot(user, set(names), free, why, number, idle_since_s, day, talk_s, answered)
    for name, rules, last_served, sticky in queues:
        queue = QueueState(QueueRules.of(rules), last_served=last_served)
        queue.take_rules(queue.rules)
        queue.sticky.update((number, (user, at_s)) for number, user, at_s in sticky)
        queue.logged_in.update(u for u, slot in state.agents.items() if name in slot.queues and u in queue.places)
        queue.free.update(user for user in queue.logged_in if state.agents[user].free)
        state.queues[name] = queue
    for packed in entries:
        _restore_entry(state, Entry(*packed))
    state.ringing.update(dict.fromkeys(ringing))


def _restore_entry(state: RouterState, entry: Entry) -> None:
    entry.state, entry.tried = EntryState(entry.state), dict(entry.tried)
    state.entries[entry.entry] = entry
    if entry.conversation_id:
        state.by_conversation[entry.conversation_id] = entry.entry
    if entry.is_waiting and entry.queue in state.queues:
        state.queues[entry.queue].line.add(entry)
