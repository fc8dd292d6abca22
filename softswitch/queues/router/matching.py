"""Who is brought together with whom: one order over all queues, and what breaks ties. Pure.

An agent who becomes free is given the first entry of the one order that fits: rank of the queue, priority of the
caller, arrival, number. An entry that begins to wait is given the agents whom its queue's strategy prefers among those
who are free and fit; equal ones go by their place in the list. As both are looked at whenever either changes, a free
agent and a fitting caller never wait for each other.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from softswitch.queues.router.deadlines import is_over
from softswitch.queues.router.facts import QueueOffered
from softswitch.queues.router.rules import CUSTOMER_RING_S
from softswitch.queues.router.state import Entry, OrderKey, QueueState, RouterState
from softswitch.queues.strategies.base import EVERYBODY, Candidate
from softswitch.queues.strategies.registry import strategy


def _nothing_drawn() -> float:
    return 0.0


def offer_of_entry(state: RouterState, number: int, now: float) -> QueueOffered | None:
    """Return whom an entry that waits is offered to now, or None where nobody is free who fits."""
    entry = state.entries.get(number)
    queue = state.queues.get(entry.queue) if entry is not None else None
    if entry is None or queue is None or not entry.is_waiting or is_over(entry, queue.rules, now):
        return None
    fitting = [user for user in queue.free if fits(queue, entry, user)]
    return _offer(state, queue, entry, fitting, now) if fitting else None


def offer_to_agent(state: RouterState, user: str, now: float) -> QueueOffered | None:
    """Return what an agent who is free is offered now, or None."""
    first: OrderKey | None = None
    for name in state.slot(user).queues:
        queue = state.queues.get(name)
        if queue is not None and user in queue.free:
            found = _first_for(state, queue, user, now)
            if found is not None and (first is None or found < first):
                first = found
    return _joining(state, user) if first is None else offer_of_entry(state, first[-1], now)


def fits(queue: QueueState, entry: Entry, user: str) -> bool:
    """Tell whether an agent of the queue may be asked to take an entry."""
    return (
        user not in entry.tried
        and (not entry.only or entry.only == user)
        and (not entry.skills or queue.skills[user].issuperset(entry.skills))
    )


def _first_for(state: RouterState, queue: QueueState, user: str, now: float) -> OrderKey | None:
    """Return the first entry of a line that an agent may be given."""
    first: OrderKey | None = None
    for keys in queue.line.for_skills(queue.skills[user]):
        for key in keys:
            if first is not None and key > first:
                break
            entry = state.entries[key[-1]]
            if fits(queue, entry, user) and not is_over(entry, queue.rules, now):
                first = key
                break
    return first


def _joining(state: RouterState, user: str) -> QueueOffered | None:
    """Let an agent for whom nobody waits ring with all others, where a queue rings everybody."""
    names = state.slot(user).queues
    ringing = [state.entries[number] for number in state.ringing if state.entries[number].queue in names]
    for entry in sorted(ringing, key=lambda each: each.order):
        queue = state.queues.get(entry.queue)
        if queue is None or user not in queue.free or not fits(queue, entry, user) or entry.until_s is None:
            continue
        if entry.kind == "callback":  # one agent calls back, or it would be done twice
            continue
        if strategy(queue.rules.strategy).at_once == EVERYBODY:
            passed = _passed(state, queue, entry, (user, *entry.offered))
            rules = queue.rules
            return QueueOffered(
                entry.entry, entry.queue, (user,), entry.until_s, rules.strategy, ((),), (), passed, joined=True
            )
    return None


def _offer(state: RouterState, queue: QueueState, entry: Entry, fitting: list[str], now: float) -> QueueOffered:
    rules = queue.rules
    called_first = entry.kind == "callback" and rules.customer_first
    until_s = now + (CUSTOMER_RING_S if called_first else rules.ring_s)
    sticky = _last_agent(queue, entry, now)
    if sticky in fitting:
        passed = _passed(state, queue, entry, (sticky,))
        return QueueOffered(
            entry.entry, entry.queue, (sticky,), until_s, rules.strategy, ((),), (), passed, sticky=True
        )
    chooser = strategy(rules.strategy)
    candidates = _candidates(state, queue, entry, fitting, now, draws=chooser.draws)
    ordered = sorted(candidates, key=lambda each: (chooser.key(each), each.place))
    at_once = 1 if entry.kind == "callback" else chooser.at_once
    chosen = ordered if at_once == EVERYBODY else ordered[:at_once]
    users = tuple(each.user for each in chosen)
    return QueueOffered(
        entry.entry,
        entry.queue,
        users,
        until_s,
        rules.strategy,
        tuple(chooser.key(each) for each in chosen),
        tuple(each.drawn for each in chosen) if chooser.draws else (),
        _passed(state, queue, entry, users),
    )


def _last_agent(queue: QueueState, entry: Entry, now: float) -> str:
    if not queue.rules.sticky_s:
        return ""
    user, at_s = queue.sticky.get(entry.number, ("", 0.0))
    return user if now - at_s <= queue.rules.sticky_s else ""


def _candidates(
    state: RouterState, queue: QueueState, entry: Entry, users: list[str], now: float, *, draws: bool
) -> list[Candidate]:
    seed = f"{entry.queue}/{entry.entry}/{entry.offers}"
    draw = Random(seed).random if draws else _nothing_drawn  # noqa: S311  # what was drawn stands in the fact
    members = len(queue.rules.members)
    after = queue.places.get(queue.last_served, -1) + 1
    made = []
    for place, user in sorted((queue.places[user], user) for user in users):
        slot = state.agents[user]
        made.append(
            Candidate(
                user,
                place,
                queue.rules.members[place].priority,
                (place - after) % members,
                slot.idle_since_s,
                slot.talk_today_s(now),
                slot.answered_today(now),
                draw(),
            )
        )
    return made


def _passed(state: RouterState, queue: QueueState, entry: Entry, users: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Count the members who are not asked, by reason."""
    reasons = Counter(why_not(state, queue, entry, user) for user in queue.places if user not in users)
    return tuple(sorted(reasons.items()))


def why_not(state: RouterState, queue: QueueState, entry: Entry, user: str) -> str:
    """Return why a member is not asked to take an entry: a word."""
    slot = state.slot(user)
    if user not in queue.logged_in:
        return "logged out"
    if not slot.free:
        return slot.why
    if user in entry.tried:
        return entry.tried[user]
    if entry.only and entry.only != user:
        return "not the last agent"
    return "strategy" if fits(queue, entry, user) else "skills"
