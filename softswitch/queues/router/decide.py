"""``decide(state, event, now) -> facts``: what follows at once from whatever happens to a queue. Pure.

Who is brought together in consequence is :mod:`softswitch.queues.router.matching`; both, one after the other, are
:func:`softswitch.queues.router.router.take`. An event that fits no state any more (an answer that crossed a hang-up)
decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from softswitch.queues.router import events, facts
from softswitch.queues.router.deadlines import is_over
from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import Entry, EntryState, QueueState, RouterState

Facts = list[Any]

_NOT_SERVED: Final = frozenset({EntryState.WAITING, EntryState.OFFERED})


def decide(state: RouterState, event: events.Event, now: float) -> Facts:
    """Return the facts that follow from ``event``, in order.

    Args:
        state: what the router knows; only read.
        event: what happened.
        now: wall time, which the records of the facts will carry too.
    """
    return _DECISIONS[type(event)](state, event, now)


def _configure(state: RouterState, event: events.Configure, now: float) -> Facts:
    wanted = {rules.name: rules for rules in event.queues}
    out: Facts = [
        facts.QueueConfigured(name, rules.values())
        for name, rules in wanted.items()
        if name not in state.queues or state.queues[name].rules != rules
    ]
    gone = state.queues.keys() - wanted.keys()
    for entry in state.entries.values():
        if entry.queue in gone and entry.state in _NOT_SERVED:
            out += _left(entry, "removed", now)
    return out + [facts.QueueRemoved(name) for name in sorted(gone)]


def _enter(state: RouterState, event: events.Enter, now: float) -> Facts:
    queue = state.queues.get(event.queue)
    if queue is None:
        return []
    rules = queue.rules
    number = state.entered + 1
    arrived_s = now if event.arrived_s is None else event.arrived_s
    only = _sticky_agent(queue, event.number, now) if rules.sticky_wait_s else ""
    out: Facts = [
        facts.QueueEntered(number, event.queue, event.number, arrived_s, event.priority, event.skills, only, event.kind)
    ]
    if rules.max_length and waiting(state, event.queue) >= rules.max_length:
        out.append(facts.QueueLeft(number, event.queue, "full", 0.0, arrived_s, event.priority, event.skills))
    elif rules.leave_without_agents and not state.staffed(event.queue):
        out.append(facts.QueueLeft(number, event.queue, "no-agents", 0.0, arrived_s, event.priority, event.skills))
    return out


def _sticky_agent(queue: QueueState, number: str, now: float) -> str:
    """Return the agent whom a caller talked with last, if that is known, not long ago, and the agent is there."""
    user, at_s = queue.sticky.get(number, ("", 0.0))
    return user if user in queue.logged_in and now - at_s <= queue.rules.sticky_s else ""


def waiting(state: RouterState, queue: str) -> int:
    """Count the entries of a queue that no agent has yet; callbacks that rest are not among them."""
    return len(state.queues[queue].line) + sum(state.entries[number].queue == queue for number in state.ringing)


def _leave(state: RouterState, event: events.Leave, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    return [] if entry is None or entry.state not in _NOT_SERVED else _left(entry, event.how, now)


def _left(entry: Entry, how: str, now: float) -> Facts:
    waited_s = now - entry.entered_s
    left = facts.QueueLeft(entry.entry, entry.queue, how, waited_s, entry.arrived_s, entry.priority, entry.skills)
    return [*_withdrawn(entry), left]


def _withdrawn(entry: Entry, but: str = "") -> Facts:
    """Take back what agents are asked, but one of them."""
    others = (user for user in entry.offered if user != but)
    return [facts.QueueDeclined(entry.entry, entry.queue, user, "withdrawn") for user in others]


def _turn(state: RouterState, event: events.Turn, now: float) -> Facts:
    slot = state.slot(event.user)
    free = event.free and not slot.entry
    why = "" if free else event.why or slot.why
    if (slot.free, slot.why) == (free, why):
        return []
    out: Facts = [facts.AgentTurned(event.user, free, why)]
    return out if why != "offline" else out + _deserted(state, event.user, now)


def _look_again(state: RouterState, event: events.LookAgain, now: float) -> Facts:
    return _deserted(state, "", now)


def _deserted(state: RouterState, but: str, now: float) -> Facts:
    """Let callers leave the queues in which nobody is logged in, where the rules say so; ``but`` is about to go."""
    empty = {
        name
        for name, queue in state.queues.items()
        if queue.rules.leave_without_agents
        and all(user == but or state.agents[user].why == "offline" for user in queue.logged_in)
    }
    if not empty:
        return []
    waits = (each for each in state.entries.values() if each.queue in empty and each.state is EntryState.WAITING)
    return [fact for entry in waits if entry.kind != "callback" for fact in _left(entry, "no-agents", now)]


def _decline(state: RouterState, event: events.Decline, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or event.user not in entry.offered:
        return []
    return [facts.QueueDeclined(entry.entry, entry.queue, event.user, event.how)]


def _answer(state: RouterState, event: events.Answer, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or event.user not in entry.offered:
        return []
    answered = facts.QueueAnswered(entry.entry, entry.queue, event.user, event.leg, now - entry.entered_s)
    return [*_withdrawn(entry, event.user), answered]


def _finish(state: RouterState, event: events.Finish, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or entry.state is not EntryState.SERVED:
        return []
    if entry.kind == "callback" and not entry.reached:
        return _fail_callback(state, events.FailCallback(event.entry, "agent-gone"), now)
    return [_finished(entry, now)]


def _ask_callback(state: RouterState, event: events.AskCallback, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or entry.state not in _NOT_SERVED or entry.kind == "callback":
        return []
    rules = state.queues[entry.queue].rules
    arrived_s = entry.arrived_s if rules.keep_callback_place else now
    expires_s = now + rules.callback_expiry_s
    asked = facts.CallbackAsked(entry.entry, entry.queue, event.number, arrived_s, expires_s)
    return [*_withdrawn(entry), asked]


def _fail_callback(state: RouterState, event: events.FailCallback, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or entry.kind != "callback":
        return []
    queue = state.queues.get(entry.queue)
    if queue is None or entry.tries + 1 >= queue.rules.callback_tries:
        how = "removed" if queue is None else "failed"
        return [_finished(entry, now)] if entry.state is EntryState.SERVED else _left(entry, how, now)
    rest_until_s = now + queue.rules.callback_retry_s
    return [
        *_withdrawn(entry),
        facts.CallbackFailed(entry.entry, entry.queue, event.how, entry.tries + 1, rest_until_s, entry.user),
    ]


def _finished(entry: Entry, now: float) -> facts.QueueFinished:
    return facts.QueueFinished(entry.entry, entry.queue, entry.user, now - entry.answered_s)


def _dial_callback(state: RouterState, event: events.DialCallback, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    return [] if entry is None or entry.kind != "callback" else [facts.CallbackDialled(entry.entry)]


def _reach_callback(state: RouterState, event: events.ReachCallback, now: float) -> Facts:
    """The customer answered: to an agent who has the entry, or where nobody was rung for it yet."""
    entry = state.entries.get(event.entry)
    if entry is None or entry.kind != "callback" or entry.reached:
        return []
    queue = state.queues.get(entry.queue)
    if entry.state is EntryState.OFFERED and queue is not None:
        return [facts.CallbackReached(event.entry, now + queue.rules.ring_s)]
    return [facts.CallbackReached(event.entry)] if entry.state is EntryState.SERVED else []


def _move_caller(state: RouterState, event: events.MoveCaller, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or entry.state not in _NOT_SERVED or entry.kind == "callback":
        return []
    return [facts.CallerMoved(event.entry, event.phase, event.typed, event.until_s)]


def _due(state: RouterState, event: events.Due, now: float) -> Facts:
    entry = state.entries.get(event.entry)
    if entry is None or entry.state is EntryState.SERVED:
        return []
    if entry.state is EntryState.OFFERED:
        over = entry.until_s is not None and now >= entry.until_s
        if over and entry.kind == "callback" and state.queues[entry.queue].rules.customer_first:
            return _fail_callback(state, events.FailCallback(event.entry, "no-answer"), now)
        return [facts.QueueDeclined(entry.entry, entry.queue, user, "missed") for user in entry.offered if over]
    rules = state.queues[entry.queue].rules
    if is_over(entry, rules, now):
        return _left(entry, "expired" if entry.kind == "callback" else "time", now)
    return list(_waited(entry, rules, now))


def _waited(entry: Entry, rules: QueueRules, now: float) -> Iterator[object]:
    if entry.relax_s is not None and now >= entry.relax_s:
        yield facts.QueueRelaxed(entry.entry, entry.skills if entry.only else entry.skills[:-1], "")
    moments = (entry.retry_s, entry.rest_until_s)
    if any(moment is not None and now >= moment for moment in moments):
        yield facts.QueueRoundOver(entry.entry)


_DECISIONS: Final[dict[type, Callable[[RouterState, Any, float], Facts]]] = {
    events.Configure: _configure,
    events.Enter: _enter,
    events.Leave: _leave,
    events.Turn: _turn,
    events.LookAgain: _look_again,
    events.Decline: _decline,
    events.Answer: _answer,
    events.Finish: _finish,
    events.AskCallback: _ask_callback,
    events.FailCallback: _fail_callback,
    events.DialCallback: _dial_callback,
    events.ReachCallback: _reach_callback,
    events.MoveCaller: _move_caller,
    events.Due: _due,
}
