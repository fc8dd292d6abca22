"""What the router decided about a conversation, in sentences: folded to each moment, told with who was passed over.

The facts of the journal are enough: nothing is asked of the running switch, and nothing is guessed. Of who waits it is
told what the queue's agents did when they came and when they gave up, and to whom the agents were given meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from softswitch.core.facts import Record
from softswitch.queues.agents.state import AgentsState
from softswitch.queues.router import facts
from softswitch.queues.router.apply import FOLDED, apply
from softswitch.queues.router.matching import fits, why_not
from softswitch.queues.router.state import Entry, EntryState, QueueState, RouterState

_BY: Final = {
    "longest_idle": "has been without a call for the longest time",
    "priority": "stands first by priority",
    "round_robin": "comes after the one who served last",
    "random": "was drawn by chance",
    "least_talk_time": "has talked least today",
    "fewest_answered": "has answered the fewest calls today",
    "ring_all": "all who are free ring",
    "three_random": "three are drawn by chance",
    "three_by_priority": "the first three by priority ring",
}
_LEFT: Final = {
    "abandoned": "The caller hung up",
    "time": "The caller had waited as long as the queue lets them",
    "full": "The line was full",
    "no-agents": "Nobody was there",
    "key": "The caller pressed the exit key",
    "removed": "The queue was removed",
    "expired": "The callback came to the end of its time",
    "failed": "The customer was not reached in any try",
    "picked-up": "Somebody else picked the call up",
    "lost": "The call was lost",
}
_DECLINED: Final = {
    "rejected": "rejected the call",
    "missed": "did not answer in time",
    "unreachable": "could not be reached",
    "withdrawn": "was let go",
}


@dataclass(slots=True)
class Known(RouterState):
    """What the router knows, and the people whom it is told of."""

    people: AgentsState = field(default_factory=AgentsState)


_END_OF_WAITING: Final = (facts.QueueAnswered, facts.QueueLeft)


class Told(NamedTuple):
    """One sentence."""

    wall_s: float
    text: str


def explain(records: Iterable[Record], conversation_id: str) -> Iterator[Told]:
    """Tell what queues decided about a conversation, in the order of the facts.

    Args:
        records: all facts up to its end, in order.
        conversation_id: which.
    """
    state = Known()
    others: Counter[str] = Counter()
    for record in records:
        state.people.apply(record)
        if type(record.fact) not in FOLDED:
            continue
        tell = _TELLERS.get(type(record.fact))
        concerns = tell is not None and _concerns(state, record, conversation_id)
        before = _people(state, record.fact) if concerns else ""
        if isinstance(record.fact, facts.QueueAnswered) and not concerns:
            others.update(_taken_instead(state, record.fact, conversation_id))
        elif isinstance(record.fact, _END_OF_WAITING) and concerns:
            before = " ".join((_meanwhile(others), before)).strip()
            others.clear()
        apply(state, record)
        if tell is not None and concerns:
            text = tell(state, record, record.fact)
            yield Told(record.wall_s, f"{text} {before}".strip())


def _taken_instead(state: Known, fact: facts.QueueAnswered, conversation_id: str) -> Iterator[str]:
    """Say why an agent of the queue in which somebody waits has another caller, if one has."""
    mine, other = state.entry_of(conversation_id), state.entries.get(fact.entry)
    queue = None if mine is None else state.queues.get(mine.queue)
    if mine is None or other is None or queue is None or fact.user not in queue.logged_in:
        return
    if other.order > mine.order:
        yield "who came later, whom this one could not be given to"
    elif other.rank < mine.rank:
        yield f"of {other.queue}, which goes before"
    elif other.priority > mine.priority:
        yield "with a higher priority"
    else:
        yield "who came before" if other.queue == mine.queue else f"of {other.queue} who came before"


def _meanwhile(others: Counter[str]) -> str:
    """Say how many callers were given to the queue's agents while somebody waited."""
    if not others:
        return ""
    parts = ", ".join(f"{count} {why}" for why, count in others.most_common())
    return f"Meanwhile agents of the queue took {others.total()} other callers: {parts}."


def _concerns(state: Known, record: Record, conversation_id: str) -> bool:
    """Tell whether a fact is about a conversation, or about the callback that it asked for."""
    if record.conversation_id == conversation_id:
        return True
    entry = state.entries.get(getattr(record.fact, "entry", 0))
    return entry is not None and entry.entry == state.by_conversation.get(conversation_id)


def _people(state: Known, fact: Any) -> str:  # noqa: ANN401  # any fact
    """Say who was passed over at that moment, each with the reason."""
    entry = state.entries.get(getattr(fact, "entry", 0))
    queue = state.queues.get(entry.queue) if entry is not None else None
    if entry is None or queue is None:
        return ""
    if isinstance(fact, facts.QueueLeft):
        return _nobody(state, queue, entry) if entry.state is EntryState.WAITING else ""
    if not isinstance(fact, facts.QueueOffered):
        return ""
    others = [f"{user} ({_why(state, queue, entry, user)})" for user in queue.places if user not in fact.users]
    return f"Passed over: {', '.join(others)}." if others else ""


def _why(state: Known, queue: QueueState, entry: Entry, user: str) -> str:
    why = why_not(state, queue, entry, user)
    if why == "strategy":
        slot = state.agents[user]
        return (
            f"free, and behind by the strategy: idle since {_clock(slot.idle_since_s)}, {slot.talk_s:.0f} s of talk, "
            f"{slot.answered} answered"
        )
    return {"rejected": "rejected it before", "missed": "missed it before"}.get(why) or _doing(state, user, why)


def _doing(state: Known, user: str, why: str) -> str:
    """Say what somebody does, and since when where that is known."""
    person = state.people.agents.get(user)
    if person is None:
        return why
    if person.work.value == why:
        return f"{why} since {_clock(person.work_since_s)}"
    if why == "status":
        return f"in the status {person.status} since {_clock(person.since_s)}"
    return f"{why} since {_clock(person.since_s)}" if why == "offline" else why


def _clock(wall_s: float) -> str:
    seconds = int(wall_s % 86_400)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _entered(state: Known, record: Record, fact: facts.QueueEntered) -> str:
    entry = state.entries[fact.entry]
    ahead = sum(1 for each in state.entries.values() if each.is_waiting and each.order < entry.order)
    needs = f", needs {' and '.join(fact.skills)}" if fact.skills else ""
    only = f", waits for {fact.only} first" if fact.only else ""
    queue = state.queues[fact.queue]
    nobody = "" if any(fits(queue, entry, user) for user in queue.free) else f" {_nobody(state, queue, entry)}"
    return f"{fact.number or 'Somebody'} began to wait in {fact.queue}{needs}{only}; {ahead} before them.{nobody}"


def _nobody(state: Known, queue: QueueState, entry: Entry) -> str:
    """Say of all agents of a queue why they are not given an entry at this moment."""
    if not queue.logged_in:
        return "Nobody was logged in."
    states = ", ".join(f"{user} ({_why(state, queue, entry, user)})" for user in queue.places)
    return f"Nobody could take them: {states}."


def _offered(state: Known, record: Record, fact: facts.QueueOffered) -> str:
    who = " and ".join(fact.users)
    if fact.sticky:
        return f"{who} is rung: talked with the caller last time."
    if fact.joined:
        return f"{who} became free and rings too."
    keys = ", ".join("/".join(f"{value:g}" for value in key) for key in fact.keys if key)
    drawn = f", drawn {', '.join(f'{number:.4f}' for number in fact.drawn)}" if fact.drawn else ""
    reason = _BY.get(fact.strategy, "the strategy's choice")
    verb = "is" if len(fact.users) == 1 else "are"
    return f"{who} {verb} rung: {fact.strategy}, {reason}{f' (key {keys}{drawn})' if keys else ''}."


def _declined(state: Known, record: Record, fact: facts.QueueDeclined) -> str:
    return f"{fact.user} {_DECLINED.get(fact.how, fact.how)}."


def _answered(state: Known, record: Record, fact: facts.QueueAnswered) -> str:
    return f"{fact.user} answered, {fact.waited_s:.1f} s after the caller had come."


def _finished(state: Known, record: Record, fact: facts.QueueFinished) -> str:
    return f"{fact.user} and the caller had talked for {fact.talk_s:.1f} s."


def _left(state: Known, record: Record, fact: facts.QueueLeft) -> str:
    return f"{_LEFT.get(fact.how, fact.how)}, after {fact.waited_s:.1f} s in {fact.queue}."


def _round(state: Known, record: Record, fact: facts.QueueRoundOver) -> str:
    return "All who were free had been asked; who did not take it may be asked again."


def _relaxed(state: Known, record: Record, fact: facts.QueueRelaxed) -> str:
    return f"The caller asks for less now: {' and '.join(fact.skills) or 'anybody'}."


def _callback(state: Known, record: Record, fact: facts.CallbackAsked) -> str:
    place = "keeps the place in the line" if fact.arrived_s < record.wall_s else "goes to its end"
    return f"The caller wants to be called back at {fact.number} and {place}."


def _failed(state: Known, record: Record, fact: facts.CallbackFailed) -> str:
    return f"The customer was not reached ({fact.how}), for the {fact.tries}. time; tried again later."


_TELLERS: Final[dict[type, Callable[[Known, Record, Any], str]]] = {
    facts.QueueEntered: _entered,
    facts.QueueOffered: _offered,
    facts.QueueDeclined: _declined,
    facts.QueueAnswered: _answered,
    facts.QueueFinished: _finished,
    facts.QueueLeft: _left,
    facts.QueueRoundOver: _round,
    facts.QueueRelaxed: _relaxed,
    facts.CallbackAsked: _callback,
    facts.CallbackFailed: _failed,
}
