"""Facts to state: the single writer of :class:`~softswitch.queues.router.state.RouterState`.

A fact about an entry or a queue that is gone changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue
from softswitch.queues.router import facts
from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import (
    DAY_S,
    ENTRY_TABLE,
    STICKY_REMEMBERED,
    AgentSlot,
    Entry,
    EntryInput,
    EntryState,
    QueueState,
    RouterState,
)


def apply(state: RouterState, record: Record) -> None:
    """Change ``state`` by one fact; a fact of another kind changes nothing."""
    change = _CHANGES.get(type(record.fact))
    if change is not None:
        change(state, record, record.fact)


def _configured(state: RouterState, record: Record, fact: facts.QueueConfigured) -> None:
    rules = QueueRules.of(fact.rules)
    queue = state.queues.setdefault(fact.queue, QueueState(rules))
    queue.take_rules(rules)
    for slot in state.agents.values():
        if fact.queue in slot.queues and slot.user in queue.places:
            queue.logged_in.add(slot.user)
    queue.logged_in &= queue.places.keys()
    queue.free = {user for user in queue.logged_in if state.agents[user].free}


def _removed(state: RouterState, record: Record, fact: facts.QueueRemoved) -> None:
    state.queues.pop(fact.queue, None)


def _entered(state: RouterState, record: Record, fact: facts.QueueEntered) -> None:
    queue = state.queues.get(fact.queue)
    if queue is None:
        return
    rules = queue.rules
    entry = Entry(
        fact.entry,
        record.conversation_id,
        fact.queue,
        fact.number,
        fact.arrived_s,
        record.wall_s,
        rules.rank,
        fact.priority,
        fact.skills,
        fact.only,
        fact.kind,
    )
    _arm_relaxing(entry, rules, record.wall_s)
    state.entered = max(state.entered, fact.entry)
    state.entries[fact.entry] = entry
    if record.conversation_id:
        state.by_conversation[record.conversation_id] = fact.entry
    queue.line.add(entry)


def _arm_relaxing(entry: Entry, rules: QueueRules, wall_s: float) -> None:
    """Say when an entry asks for less: first whom it waits for, then a skill at a time."""
    if entry.only:
        entry.relax_s = wall_s + rules.sticky_wait_s
    elif entry.skills and rules.relax_after_s:
        entry.relax_s = wall_s + rules.relax_after_s
    else:
        entry.relax_s = None


def _turned(state: RouterState, record: Record, fact: facts.AgentTurned) -> None:
    slot = _slot(state, fact.user)
    slot.free, slot.why = fact.free, "" if fact.free else fact.why
    _show(state, slot)


def _show(state: RouterState, slot: AgentSlot) -> None:
    """Let the queues of an agent know whether they may offer calls."""
    for name in slot.queues:
        queue = state.queues.get(name)
        if queue is not None:
            (queue.free.add if slot.free and slot.user in queue.logged_in else queue.free.discard)(slot.user)


def _slot(state: RouterState, user: str) -> AgentSlot:
    return state.agents.setdefault(user, AgentSlot(user))


def _logged_in(state: RouterState, record: Record, fact: AgentEnteredQueue) -> None:
    slot = _slot(state, fact.user)
    if not slot.queues:
        slot.idle_since_s = record.wall_s
    slot.queues.add(fact.queue)
    queue = state.queues.get(fact.queue)
    if queue is not None and fact.user in queue.places:
        queue.logged_in.add(fact.user)
    _show(state, slot)


def _logged_out(state: RouterState, record: Record, fact: AgentLeftQueue) -> None:
    slot = _slot(state, fact.user)
    slot.queues.discard(fact.queue)
    queue = state.queues.get(fact.queue)
    if queue is not None:
        queue.logged_in.discard(fact.user)
        queue.free.discard(fact.user)


def _offered(state: RouterState, record: Record, fact: facts.QueueOffered) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    entry.state = ENTRY_TABLE.step(entry.state, EntryInput.OFFER)
    entry.offered += fact.users
    entry.until_s, entry.retry_s = fact.until_s, None
    entry.offers += 1
    state.queues[entry.queue].line.discard(entry)
    state.ringing[entry.entry] = None
    for user in fact.users:
        slot = _slot(state, user)
        slot.free, slot.why, slot.entry = False, "ringing", entry.entry
        _show(state, slot)


def _declined(state: RouterState, record: Record, fact: facts.QueueDeclined) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None or fact.user not in entry.offered:
        return
    entry.offered = tuple(user for user in entry.offered if user != fact.user)
    entry.tried[fact.user] = fact.how
    _let_go(state, fact.user)
    if not entry.offered:
        _give_back(state, entry, record.wall_s)
        if entry.kind == "callback":
            _part(state, entry)


def _let_go(state: RouterState, user: str) -> None:
    state.agents[user].entry = 0


def _give_back(state: RouterState, entry: Entry, wall_s: float) -> None:
    """Let an entry wait at its place again; who was asked may be asked again after a while."""
    entry.state = ENTRY_TABLE.step(entry.state, EntryInput.GIVE_BACK)
    entry.until_s = None
    entry.offered = ()
    state.ringing.pop(entry.entry, None)
    queue = state.queues.get(entry.queue)
    if queue is not None:
        queue.line.add(entry)
        entry.retry_s = wall_s + queue.rules.retry_s


def _answered(state: RouterState, record: Record, fact: facts.QueueAnswered) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    entry.state = ENTRY_TABLE.step(entry.state, EntryInput.ANSWER)
    entry.offered, entry.until_s, entry.retry_s, entry.relax_s = (), None, None, None
    entry.user, entry.leg, entry.answered_s = fact.user, fact.leg, record.wall_s
    state.ringing.pop(entry.entry, None)
    slot = _slot(state, fact.user)
    slot.answered, slot.talk_s = slot.answered_today(record.wall_s) + 1, slot.talk_today_s(record.wall_s)
    slot.day = int(record.wall_s // DAY_S)
    queue = state.queues.get(fact.queue)
    if queue is not None:
        queue.last_served = fact.user
        if queue.rules.sticky_s and entry.number:
            queue.sticky.pop(entry.number, None)
            queue.sticky[entry.number] = (fact.user, record.wall_s)
            if len(queue.sticky) > STICKY_REMEMBERED:
                del queue.sticky[next(iter(queue.sticky))]


def _finished(state: RouterState, record: Record, fact: facts.QueueFinished) -> None:
    slot = _slot(state, fact.user)
    slot.entry = 0
    slot.idle_since_s = record.wall_s
    slot.answered, slot.talk_s = slot.answered_today(record.wall_s), slot.talk_today_s(record.wall_s) + fact.talk_s
    slot.day = int(record.wall_s // DAY_S)
    _forget(state, fact.entry)


def _left(state: RouterState, record: Record, fact: facts.QueueLeft) -> None:
    _forget(state, fact.entry)


def _forget(state: RouterState, number: int) -> None:
    entry = state.entries.pop(number, None)
    if entry is None:
        return
    entry.state = ENTRY_TABLE.step(entry.state, EntryInput.END)
    state.ringing.pop(number, None)
    if state.by_conversation.get(entry.conversation_id) == number:
        del state.by_conversation[entry.conversation_id]
    queue = state.queues.get(entry.queue)
    if queue is not None:
        queue.line.discard(entry)


def _round_over(state: RouterState, record: Record, fact: facts.QueueRoundOver) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    entry.tried.clear()
    entry.retry_s = None
    if entry.rest_until_s is not None:
        entry.rest_until_s = None
        state.queues[entry.queue].line.add(entry)


def _relaxed(state: RouterState, record: Record, fact: facts.QueueRelaxed) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    line = state.queues[entry.queue].line
    waits = entry.state is EntryState.WAITING
    if waits:
        line.discard(entry)
    entry.skills, entry.only = fact.skills, fact.only
    _arm_relaxing(entry, state.queues[entry.queue].rules, record.wall_s)
    if waits:
        line.add(entry)


def _callback_asked(state: RouterState, record: Record, fact: facts.CallbackAsked) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    line = state.queues[entry.queue].line
    line.discard(entry)
    _part(state, entry)
    entry.kind, entry.number = "callback", fact.number
    entry.arrived_s, entry.expires_s = fact.arrived_s, fact.expires_s
    line.add(entry)


def _part(state: RouterState, entry: Entry) -> None:
    """Let go of the conversation that an entry was in."""
    if state.by_conversation.get(entry.conversation_id) == entry.entry:
        del state.by_conversation[entry.conversation_id]
    entry.conversation_id = ""


def _callback_reached(state: RouterState, record: Record, fact: facts.CallbackReached) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    if not fact.until_s:
        entry.reached = True
        return
    entry.kind, entry.phase, entry.typed, entry.phase_until_s = "call", "music", "", 0.0
    entry.until_s, entry.expires_s, entry.entered_s = fact.until_s, None, record.wall_s


def _caller_moved(state: RouterState, record: Record, fact: facts.CallerMoved) -> None:
    entry = state.entries.get(fact.entry)
    if entry is not None:
        entry.phase, entry.typed, entry.phase_until_s = fact.phase, fact.typed, fact.until_s
        entry.offered_callback = entry.offered_callback or fact.phase == "offering"


def _callback_failed(state: RouterState, record: Record, fact: facts.CallbackFailed) -> None:
    entry = state.entries.get(fact.entry)
    if entry is None:
        return
    if entry.user:
        _let_go(state, entry.user)
    if entry.state is not EntryState.WAITING:
        _give_back(state, entry, record.wall_s)
    entry.user, entry.leg, entry.answered_s, entry.retry_s = "", "", 0.0, None
    state.queues[entry.queue].line.discard(entry)
    _part(state, entry)
    entry.reached = False
    entry.tries, entry.rest_until_s = fact.tries, fact.rest_until_s
    entry.tried.clear()


def _callback_dialled(state: RouterState, record: Record, fact: facts.CallbackDialled) -> None:
    entry = state.entries.get(fact.entry)
    if entry is not None:
        entry.conversation_id = record.conversation_id
        state.by_conversation[record.conversation_id] = fact.entry


_CHANGES: Final[dict[type, Callable[[RouterState, Record, Any], None]]] = {
    facts.QueueConfigured: _configured,
    facts.QueueRemoved: _removed,
    facts.QueueEntered: _entered,
    facts.AgentTurned: _turned,
    AgentEnteredQueue: _logged_in,
    AgentLeftQueue: _logged_out,
    facts.QueueOffered: _offered,
    facts.QueueDeclined: _declined,
    facts.QueueAnswered: _answered,
    facts.QueueFinished: _finished,
    facts.QueueLeft: _left,
    facts.QueueRoundOver: _round_over,
    facts.QueueRelaxed: _relaxed,
    facts.CallbackAsked: _callback_asked,
    facts.CallbackFailed: _callback_failed,
    facts.CallbackDialled: _callback_dialled,
    facts.CallbackReached: _callback_reached,
    facts.CallerMoved: _caller_moved,
}

FOLDED: Final = frozenset(_CHANGES)
"""The types of the facts that change something here."""
