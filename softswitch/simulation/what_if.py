"""What would have been: the arrivals of the past through the router once more, with other rules or other people.

Arrivals, patience and talk times are those of the records. What the records cannot know is assumed, and said:

- who was answered would have waited for ever; who hung up would hang up after the same wait;
- the talk of somebody who hung up would have lasted as long as talks that were had, taken in turn;
- agents are there as they were logged in, answer after a fixed time, have no calls of their own and take no breaks;
- callbacks are left out, skills count for nothing, and nobody leaves the line but by hanging up.

So the same run with the rules as they are is printed beside what happened: by how much these two differ is what the
assumptions are worth.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from softswitch.app.queue_rules import rules_of
from softswitch.app.report_tools import Limits
from softswitch.core.errors import CommandError
from softswitch.directory.fields import did_you_mean
from softswitch.directory.site import Site
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.strategies.registry import names
from softswitch.simulation.queue_run import Arrival, Outcome, QueueRun, Staff
from softswitch.storage.record_store import database_file

ASSUMPTIONS: Final = (
    "who was answered would have waited for ever; who hung up does so after the same wait",
    "the talk of somebody who hung up lasts as long as talks that were had, taken in turn",
    "agents are there as they were logged in, answer after a fixed time while it rings, and take no breaks",
    "callbacks are left out, skills count for nothing, and nobody leaves the line but by hanging up",
)
_BEFORE_THE_END: Final = 0.9
"""Phones are answered at the latest after this part of the time that they ring."""
_ENTRIES: Final = """
SELECT queue, number, entered_at, waited_s, talk_s, end_how FROM queue_entries
WHERE kind = 'call' AND entered_at >= ? AND entered_at < ? AND ended_at IS NOT NULL ORDER BY entry
"""
_LOGINS: Final = """
SELECT user_name, queue, at, step FROM agent_states WHERE step IN ('entered_queue', 'left_queue') AND at < ?
ORDER BY sequence
"""


@dataclass(frozen=True, slots=True)
class Past:
    """What happened."""

    arrivals: tuple[Arrival, ...]
    outcomes: tuple[Outcome, ...]
    """What became of each."""
    logins: Mapping[str, tuple[str, float, float]]
    """By a name of each stretch of an agent's log-in: who, from when, until when."""
    queues_of: Mapping[str, frozenset[str]]
    began_s: float


class Figures(NamedTuple):
    """What a run, or the past, came to."""

    calls: int
    answered: int
    abandoned: int
    service_level: float
    mean_wait_s: float
    longest_wait_s: float
    load: float
    """Talk in percent of the time that agents were logged in, until the last call was over."""
    waits: tuple[float, ...]
    """Of those who were answered."""


def database_of(directory: Path) -> Path:
    """Return the embedded database of a storage directory."""
    return database_file(directory)


def read_past(database: Path, site: Site, since: str, until: str) -> Past:
    """Read arrivals and log-ins.

    Raises:
        CommandError: there are no records, or no calls in that time.
    """
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute(_ENTRIES, (since, until)).fetchall()
            logins = connection.execute(_LOGINS, (until,)).fetchall()
    except sqlite3.Error as error:
        message = f"The call records cannot be read: {error}"
        raise CommandError(message, status=503, error_id="no-records") from error
    rows = [row for row in rows if row[0] in site.queues]
    if not rows:
        raise CommandError("No call of a queue in that time", status=404, error_id="no-calls", field="since")
    talks: dict[str, list[float]] = defaultdict(list)
    for queue, _, _, _, talk_s, _ in rows:
        if talk_s is not None:
            talks[queue].append(talk_s)
    turns = {queue: cycle(found or [180.0]) for queue, found in {q: talks[q] for q in site.queues}.items()}
    outcomes = []
    for queue, number, entered_at, waited_s, talk_s, how in rows:
        answered = talk_s is not None
        patience_s = float("inf") if answered or how != "abandoned" else waited_s
        arrival = Arrival(_seconds(entered_at), queue, talk_s if answered else next(turns[queue]), patience_s, number)
        outcomes.append(Outcome(arrival, waited_s or 0.0, "answered" if answered else how or ""))
    arrivals = tuple(each.arrival for each in outcomes)
    began_s = arrivals[0].at_s
    stretches, queues_of = _stretches(logins, began_s)
    return Past(arrivals, tuple(outcomes), stretches, queues_of, began_s)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _stretches(
    logins: Sequence[tuple[str, str, str, str]], began_s: float
) -> tuple[dict[str, tuple[str, float, float]], dict[str, frozenset[str]]]:
    """Return from when until when each agent was logged in, and to which queues in that stretch."""
    open_: dict[str, tuple[float, set[str], set[str]]] = {}
    stretches: dict[str, tuple[str, float, float]] = {}
    queues_of: dict[str, frozenset[str]] = {}

    def close(user: str, at_s: float) -> None:
        from_s, _, ever = open_.pop(user)
        if at_s >= began_s:
            name = f"{user} {len(stretches) + 1}"
            stretches[name], queues_of[name] = (user, max(from_s, began_s), at_s), frozenset(ever)

    for user, queue, at, step in logins:
        if step == "entered_queue":
            _, now_in, ever = open_.setdefault(user, (_seconds(at), set(), set()))
            now_in.add(queue)
            ever.add(queue)
        elif user in open_:
            open_[user][1].discard(queue)
            if not open_[user][1]:
                close(user, _seconds(at))
    for user in list(open_):
        close(user, float("inf"))
    return stretches, queues_of


def happened(past: Past, limits: Limits) -> Figures:
    """Return the figures of the past."""
    there = [(from_s, until_s) for _, from_s, until_s in past.logins.values()]
    return _figures(past.outcomes, limits, there)


def run(
    past: Past, site: Site, limits: Limits, *, strategy: str = "", agents: int = 0, answer_s: float = 4.0
) -> Figures:
    """Let the arrivals of the past come once more.

    Args:
        past: what happened.
        site: whose queues.
        limits: what callers are counted by.
        strategy: of all queues; empty: their own.
        agents: how many more serve all queues all the time; fewer where negative.
        answer_s: how long a phone rings.

    Raises:
        CommandError: there is no such strategy.
    """
    known = names()
    if strategy and strategy not in known:
        message = (
            f"There is no strategy {strategy}; write {did_you_mean(strategy, known, 'one of ' + ', '.join(known))}"
        )
        raise CommandError(message, status=422, error_id="unknown-strategy", field="strategy")
    rules, staff = _world(past, site, strategy, agents, answer_s)
    result = QueueRun(rules, staff).run(past.arrivals)
    return _figures(result.outcomes, limits, [(each.from_s, each.until_s) for each in staff])


def _world(past: Past, site: Site, strategy: str, agents: int, answer_s: float) -> tuple[list[QueueRules], list[Staff]]:
    quickest_s = min((queue.ring_s for queue in site.queues.values()), default=answer_s)
    answer_s = min(answer_s, _BEFORE_THE_END * quickest_s)  # or nobody would ever answer, and the run never end
    stretches = list(past.logins.items())
    users = sorted({user for user, _, _ in past.logins.values()})
    dropped = set(users[len(users) + agents :]) if agents < 0 else set()
    staff = []
    for name, (user, from_s, until_s) in stretches:
        if user not in dropped:
            wrap_up_s = max((site.queues[q].wrap_up_s for q in past.queues_of[name] if q in site.queues), default=0.0)
            staff.append(Staff(name, tuple(sorted(past.queues_of[name])), answer_s, wrap_up_s, from_s, until_s))
    names = tuple(site.queues)
    staff += [Staff(f"further {n + 1}", names, answer_s, 0.0, past.began_s) for n in range(max(0, agents))]
    rules = []
    for queue in site.queues.values():
        own = rules_of(queue)
        priorities = {member.user: member.priority for member in own.members}
        members = tuple(
            Member(each.user, priorities.get(each.user.partition(" ")[0], 1))
            for each in staff
            if queue.name in each.queues
        )
        rules.append(replace_rules(own, strategy or own.strategy, members))
    return rules, staff


def replace_rules(rules: QueueRules, strategy: str, members: tuple[Member, ...]) -> QueueRules:
    """Return rules with another strategy and other members; callers leave by hanging up alone."""
    return replace(rules, strategy=strategy, members=members, max_wait_s=0.0, leave_without_agents=False)


def _figures(outcomes: Sequence[Outcome], limits: Limits, there: Sequence[tuple[float, float]]) -> Figures:
    """Count outcomes; ``there`` is from when until when each agent was logged in."""
    answered = [each for each in outcomes if each.how == "answered"]
    waits = tuple(each.waited_s for each in answered)
    in_time = sum(each.waited_s <= limits.sla_s(each.arrival.queue) for each in answered)
    gave_up = sum(each.how == "abandoned" and each.waited_s >= limits.short_s(each.arrival.queue) for each in outcomes)
    counted = len(answered) + gave_up
    talk_s = sum(each.arrival.talk_s for each in answered)
    ended_s = max(
        each.arrival.at_s + each.waited_s + (each.arrival.talk_s if each.how == "answered" else 0.0)
        for each in outcomes
    )
    there_s = sum(max(0.0, min(until_s, ended_s) - from_s) for from_s, until_s in there)
    return Figures(
        len(outcomes),
        len(waits),
        len(outcomes) - len(waits),
        100.0 * in_time / counted if counted else 0.0,
        sum(waits) / len(waits) if waits else 0.0,
        max(waits, default=0.0),
        100.0 * talk_s / there_s if there_s else 0.0,
        waits,
    )


def bars(waits: Sequence[float], width: int = 40) -> Iterator[tuple[str, int, str]]:
    """Draw how waits are spread: range, number, and a bar."""
    edges = (0.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, float("inf"))
    counts = [sum(low <= wait < high for wait in waits) for low, high in pairwise(edges)]
    most = max(counts, default=0) or 1
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        named = f"{low:g} to {high:g} s" if high != float("inf") else f"{low:g} s and more"
        yield named, count, "█" * round(width * count / most)
