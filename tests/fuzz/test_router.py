"""The router of the queues under random histories, beside a plain reference that looks at everybody each time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.facts import Record, decode, encode
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.deadlines import deadline_of
from softswitch.queues.router.matching import fits
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.router.state import EntryState, RouterState
from softswitch.queues.router.values import restore, values_of
from softswitch.queues.strategies.registry import SHIPPED
from tests.fuzz.conftest import scale

AGENTS = ("anna", "boris", "vera", "gleb", "dina")
SKILLS = ("english", "tax")


class Bench:
    """A router, the clock it is told, and what must hold after each event."""

    def __init__(self, rules: tuple[QueueRules, ...]) -> None:
        self.state = RouterState()
        self.now = 1_000_000.0
        self.records: list[bytes] = []
        self.ended: dict[int, str] = {}
        self.rules = {each.name: each for each in rules}
        self.say(events.Configure(rules))

    def place(self, fact: object, conversation_id: str) -> Record:
        self.records.append(encode(len(self.records) + 1, self.now, conversation_id, fact))
        return decode(self.records[-1])

    def fold(self, fact: object) -> None:
        apply(self.state, self.place(fact, ""))

    def say(self, event: events.Event) -> list[Any]:
        expected = Reference(self.state, self.now)
        made: list[Any] = [record.fact for record in take(self.state, event, self.now, self.place)]
        for fact in made:
            if isinstance(fact, facts.QueueLeft | facts.QueueFinished):
                assert fact.entry not in self.ended, "an entry ended twice"
                self.ended[fact.entry] = type(fact).__name__
        expected.follow(event, made)
        self.sound()
        return made

    def sound(self) -> None:
        """What must hold between two events."""
        state = self.state
        for number, entry in state.entries.items():
            assert number not in self.ended
            assert bool(entry.offered) == (entry.state is EntryState.OFFERED)
            if entry.state is not EntryState.SERVED:
                moment = deadline_of(entry, self.rules[entry.queue])
                assert entry.state is EntryState.WAITING or moment is not None, "a transient state without deadline"
            for user in entry.offered:
                assert state.agents[user].entry == number
            assert entry.kind == "call" or len(entry.offered) <= 1, "a callback that several do"
            if entry.user:
                assert state.agents[entry.user].entry == number
        for user, slot in state.agents.items():
            held = [n for n, each in state.entries.items() if user in each.offered or user == each.user]
            assert held == ([slot.entry] if slot.entry else []), f"{user} is reserved without a call, or twice"
            assert not (slot.free and slot.entry)
        self.conserves_work()

    def conserves_work(self) -> None:
        """No agent who is free and no caller who fits wait for each other."""
        for entry in self.state.entries.values():
            queue = self.state.queues[entry.queue]
            if entry.is_waiting and deadline_of(entry, queue.rules) != self.now:
                over = queue.rules.max_wait_s and self.now >= entry.entered_s + queue.rules.max_wait_s
                free = [u for u in queue.free if fits(queue, entry, u)]
                assert over or not free, f"{free} and entry {entry.entry} wait for each other"


class Reference:
    """What the order says, from the state before: each waiting entry in the one order gets whom its strategy prefers.

    Chance is taken from the fact and only checked to be its own.
    """

    def __init__(self, state: RouterState, now: float) -> None:
        self.after = state
        self.state = RouterState()
        restore(self.state, values_of(state))
        self.now = now

    def follow(self, event: events.Event, made: list[Any]) -> None:
        offers = [fact for fact in made if isinstance(fact, facts.QueueOffered) and not fact.joined]
        for fact in offers:
            if not fact.sticky:
                self._right_agents(fact)
        self._right_order(offers)

    def _right_order(self, offers: list[facts.QueueOffered]) -> None:
        """Whoever is still waiting and fits was behind whoever got the agent."""
        given = {fact.entry for fact in offers}
        for fact in offers:
            got = self.after.entries[fact.entry]
            for other in self.state.entries.values():
                queue = self.state.queues[other.queue]
                waits = other.is_waiting and other.entry not in given and not self._over(other.entry)
                reached = [u for u in fact.users if u in queue.logged_in and fits(queue, other, u)]
                assert not (waits and reached) or got.order < other.order, f"{other.entry} overtaken by {got.entry}"

    def _over(self, number: int) -> bool:
        entry = self.state.entries[number]
        rules = self.state.queues[entry.queue].rules
        return bool(rules.max_wait_s) and self.now >= entry.entered_s + rules.max_wait_s

    def _right_agents(self, fact: facts.QueueOffered) -> None:
        """Who was asked is first by the strategy, in words of its own."""
        queue = self.state.queues[fact.queue]
        rest = [u for u in queue.logged_in if u not in fact.users and self.state.agents[u].free]
        entry = self.after.entries[fact.entry]
        rest = [u for u in rest if fits(queue, entry, u)]
        worth = {u: self._worth(fact, u) for u in (*fact.users, *rest)}
        if fact.strategy == "ring_all" and entry.kind != "callback":
            assert not rest
        elif fact.strategy not in {"random", "three_random"}:
            assert [worth[u] for u in fact.users] == sorted(worth[u] for u in fact.users)
            assert all(worth[u] > worth[fact.users[-1]] for u in rest)
        else:
            assert list(fact.drawn) == sorted(fact.drawn)
            assert len(fact.drawn) == len(fact.users)
        most = {"ring_all": len(AGENTS), "three_random": 3, "three_by_priority": 3}.get(fact.strategy, 1)
        if entry.kind == "callback":  # one agent calls back, whatever the strategy
            most = 1
        assert len(fact.users) <= most
        assert len(fact.users) == most or not rest

    def _worth(self, fact: facts.QueueOffered, user: str) -> tuple[float, ...]:
        queue, slot = self.state.queues[fact.queue], self.state.agents[user]
        names = [member.user for member in queue.rules.members]
        place = names.index(user)
        today = slot.day == self.now // 86_400
        if fact.strategy in {"priority", "three_by_priority"}:
            return (queue.rules.members[place].priority, place)
        if fact.strategy == "round_robin":
            last = queue.last_served
            turned = names[names.index(last) + 1 :] + names[: names.index(last) + 1] if last in names else names
            return (turned.index(user),)
        if fact.strategy == "longest_idle":
            return (slot.idle_since_s, place)
        if fact.strategy == "least_talk_time":
            return (slot.talk_s if today else 0, place)
        return (slot.answered if today else 0, place)


deeds = st.tuples(
    st.sampled_from([0.0, 0.0, 1.0, 7.0, 20.0, 400.0]),
    st.sampled_from(
        [
            "enter",
            "enter",
            "enter",
            "enter",
            "answer",
            "answer",
            "answer",
            "finish",
            "finish",
            "free",
            "free",
            "free",
            "busy",
            "offline",
            "reject",
            "miss",
            "abandon",
            "login",
            "logout",
            "callback",
            "fail",
            "dial",
            "reach",
            "due",
            "configure",
        ]
    ),
    st.integers(0, 2**16),
)
rules_of = st.builds(
    lambda strategy, rank, extra, members: (strategy, rank, extra, members),
    st.sampled_from(sorted(SHIPPED)),
    st.integers(0, 2),
    st.sampled_from(["", "patience", "length", "empty", "relax", "sticky", "sticky wait", "customer first"]),
    st.lists(st.sampled_from(AGENTS), min_size=1, max_size=5, unique=True),
)


def made_rules(drawn: list[tuple[str, int, str, list[str]]]) -> tuple[QueueRules, ...]:
    extras: dict[str, dict[str, Any]] = {
        "patience": {"max_wait_s": 30.0},
        "length": {"max_length": 3},
        "empty": {"leave_without_agents": True},
        "relax": {"relax_after_s": 10.0},
        "sticky": {"sticky_s": 1000.0},
        "sticky wait": {"sticky_s": 1000.0, "sticky_wait_s": 8.0},
        "customer first": {"customer_first": True},
    }
    return tuple(
        QueueRules(
            f"q{number}",
            rank,
            strategy,
            callback_tries=2,
            members=tuple(
                Member(user, 1 + place % 2, SKILLS[: (place + number) % 3]) for place, user in enumerate(members)
            ),
            **extras.get(extra, {}),
        )
        for number, (strategy, rank, extra, members) in enumerate(drawn)
    )


def do(bench: Bench, deed: str, number: int) -> None:  # noqa: C901  # a case for each deed
    """Let one thing happen, chosen by a number; what is not possible does not happen."""
    chance, state = Random(number), bench.state
    user = AGENTS[number % len(AGENTS)]
    queue = list(bench.rules)[number % len(bench.rules)]
    entries = sorted(state.entries)
    entry = entries[number % len(entries)] if entries else 0
    if deed == "enter":
        skills = SKILLS[: chance.choice([0, 0, 0, 1, 2])]
        caller = chance.choice(["", "7001", "7002"])
        bench.say(events.Enter(f"c{state.entered + 1}", queue, caller, chance.choice([0, 0, 0, 5]), skills))
    elif deed in {"answer", "reject", "miss"}:
        asked = [(n, u) for n in entries for u in state.entries[n].offered]
        if asked:
            chosen, who = asked[number % len(asked)]
            how = {"reject": "rejected", "miss": "missed"}.get(deed)
            bench.say(events.Decline(chosen, who, how) if how else events.Answer(chosen, who, "leg"))
    elif deed in {"free", "busy", "offline"}:
        bench.say(events.Turn(user, deed == "free", deed))
    elif deed in {"login", "logout"}:
        known = queue in state.slot(user).queues
        if known == (deed == "logout") and user in state.queues[queue].places:
            bench.fold((AgentLeftQueue if known else AgentEnteredQueue)(user, queue, "test"))
            bench.say(events.LookAgain(user))
    elif deed == "dial" and entry and state.entries[entry].kind == "callback":
        bench.say(events.DialCallback(entry, f"b{len(bench.records)}"))
    elif deed == "configure":
        bench.say(events.Configure(tuple(bench.rules.values())))
    elif entry:
        made: dict[str, events.Event] = {
            "finish": events.Finish(entry),
            "abandon": events.Leave(entry, "abandoned"),
            "callback": events.AskCallback(entry, "7003"),
            "fail": events.FailCallback(entry, "no-answer"),
            "reach": events.ReachCallback(entry),
            "due": events.Due(entry),
        }
        if deed in made:
            bench.say(made[deed])


def passes(bench: Bench, seconds: float) -> None:
    """Let time pass, with every deadline told at its moment."""
    until = bench.now + seconds
    while True:
        moments = [(deadline_of(e, bench.rules[e.queue]), n) for n, e in bench.state.entries.items()]
        due = min(((m, n) for m, n in moments if m is not None), default=None)
        if due is None or due[0] > until:
            break
        bench.now = max(bench.now, due[0])
        entry = bench.state.entries[due[1]]
        before = (entry.state, deadline_of(entry, bench.rules[entry.queue]))
        bench.say(events.Due(due[1]))
        after = (entry.state, deadline_of(entry, bench.rules[entry.queue]))
        assert due[1] not in bench.state.entries or after != before, "a deadline did not leave"
    bench.now = until


@settings(max_examples=scale(200, 100_000), deadline=None)
@given(st.lists(rules_of, min_size=1, max_size=3), st.lists(deeds, max_size=60), st.integers(0, 60))
def test_nothing_sticks_nobody_is_overtaken_and_a_fold_is_the_same_at_any_moment(
    drawn: list[tuple[str, int, str, list[str]]], script: list[tuple[float, str, int]], cut: int
) -> None:
    bench = Bench(made_rules(drawn))
    for user in AGENTS:
        for name in bench.rules:
            if user in bench.state.queues[name].places:
                bench.fold(AgentEnteredQueue(user, name, "test"))
        bench.say(events.Turn(user, free=True, why=""))
    for step, (seconds, deed, number) in enumerate(script):
        passes(bench, seconds)
        do(bench, deed, number)
        if step == cut:
            bench.state = refolded(bench)
    for entry in list(bench.state.entries):
        bench.say(events.Finish(entry))
        bench.say(events.Leave(entry, "abandoned"))
    assert not bench.state.entries
    assert not any(slot.entry for slot in bench.state.agents.values())
    assert sorted(bench.ended) == list(range(1, bench.state.entered + 1)), "every entry ends once"


def refolded(bench: Bench) -> RouterState:
    """Fold the records again, half of them through a snapshot; both must be what the bench has."""
    half, whole = RouterState(), RouterState()
    for number, data in enumerate(bench.records):
        if number == len(bench.records) // 2:
            again = RouterState()
            restore(again, values_of(half))
            half = again
        apply(half, decode(data))
        apply(whole, decode(data))
    assert values_of(whole) == values_of(bench.state)
    assert values_of(half) == values_of(bench.state)
    return half


@pytest.mark.parametrize("name", sorted(SHIPPED))
@settings(max_examples=scale(10), deadline=None)
@given(st.lists(deeds, min_size=20, max_size=60))
def test_each_strategy_chooses_as_stated(name: str, script: list[tuple[float, str, int]]) -> None:
    bench = Bench(made_rules([(name, 1, "", list(AGENTS))]))
    for user in AGENTS:
        bench.fold(AgentEnteredQueue(user, "q0", "test"))
        bench.say(events.Turn(user, free=True, why=""))
    for seconds, deed, number in script:
        passes(bench, seconds)
        do(bench, deed, number)
