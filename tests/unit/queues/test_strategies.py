"""The nine strategies, each as the documents state it, on agents that differ in everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from softswitch.core.facts import Record
from softswitch.directory.sections import SECTIONS
from softswitch.queues.agents.facts import AgentEnteredQueue
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.router.state import RouterState
from softswitch.queues.strategies import registry

FOUR = ("anna", "boris", "vera", "gleb")
DAY = 20_000 * 86_400.0


class Line:
    """One queue with its agents, all free."""

    def __init__(self, strategy: str, members: Iterable[str | Member] = FOUR, **rules: float) -> None:
        self.state = RouterState()
        self.now = DAY + 36_000
        listed = tuple(Member(each) if isinstance(each, str) else each for each in members)
        self.say(events.Configure((QueueRules("q", strategy=strategy, members=listed, **rules),)))  # type: ignore[arg-type]
        for member in listed:
            self.now += 1
            apply(self.state, self.place(AgentEnteredQueue(member.user, "q", "test"), ""))
            self.say(events.Turn(member.user, free=True, why=""))

    def place(self, fact: object, conversation_id: str) -> Record:
        return Record(0, self.now, conversation_id, fact)

    def say(self, event: events.Event) -> list[object]:
        return [record.fact for record in take(self.state, event, self.now, self.place)]

    def asked(self, made: list[object]) -> tuple[str, ...]:
        return tuple(user for fact in made if isinstance(fact, facts.QueueOffered) for user in fact.users)

    def call(self) -> tuple[str, ...]:
        """Let somebody call; return who is asked."""
        return self.asked(self.say(events.Enter("", "q", "")))

    def serve(self, user: str, talk_s: float) -> None:
        """Let the last caller be served by one of those who are asked."""
        number = self.state.entered
        others = [each for each in self.state.entries[number].offered if each != user]
        self.say(events.Answer(number, user, ""))
        for other in others:
            self.say(events.Turn(other, free=True, why=""))
        self.now += talk_s
        self.say(events.Finish(number))
        self.say(events.Turn(user, free=True, why=""))


@pytest.mark.row("C-11")
def test_exactly_nine_are_offered() -> None:
    assert len(registry.SHIPPED) == 9
    strategies = SECTIONS["queues"]["strategy"]
    assert strategies is not None
    assert set(registry.SHIPPED) == {
        "random", "ring_all", "priority", "round_robin", "longest_idle", "least_talk_time", "fewest_answered",
        "three_random", "three_by_priority",
    }  # fmt: skip


@pytest.mark.row("C-2")
def test_random_asks_each_as_often_as_any_other() -> None:
    line = Line("random")
    asked = Counter[str]()
    for _ in range(2000):
        (user,) = line.call()
        asked[user] += 1
        line.serve(user, 0)
    assert all(430 < asked[user] < 570 for user in FOUR), asked


@pytest.mark.row("C-3")
def test_ring_all_asks_everybody_who_is_free() -> None:
    line = Line("ring_all")
    line.say(events.Turn("vera", free=False, why="busy"))
    assert line.call() == ("anna", "boris", "gleb")


@pytest.mark.row("C-3")
def test_who_becomes_free_while_all_ring_rings_too_unless_another_caller_waits() -> None:
    line = Line("ring_all", ("anna", "boris"))
    line.say(events.Turn("boris", free=False, why="busy"))
    assert line.call() == ("anna",)
    made = line.say(events.Turn("boris", free=True, why=""))
    assert next(fact for fact in made if isinstance(fact, facts.QueueOffered)).joined
    assert line.state.entries[1].offered == ("anna", "boris")
    line.say(events.Decline(1, "boris", "rejected"))
    assert line.call() == ()
    assert line.asked(line.say(events.Turn("boris", free=True, why=""))) == ("boris",)
    assert line.state.entries[2].offered == ("boris",)


@pytest.mark.row("C-4")
def test_priority_always_begins_at_the_top() -> None:
    line = Line("priority", (Member("anna", 2), Member("boris", 1), Member("vera", 2)))
    for _ in range(3):
        assert line.call() == ("boris",)
        line.serve("boris", 100)
    line.call()
    assert line.call() == ("anna",)


@pytest.mark.row("C-5")
def test_round_robin_goes_on_after_the_last_one_who_served() -> None:
    line = Line("round_robin")
    served = []
    for _ in range(6):
        (user,) = line.call()
        served.append(user)
        line.serve(user, 10)
    assert served == ["anna", "boris", "vera", "gleb", "anna", "boris"]
    line.say(events.Turn("vera", free=False, why="busy"))
    assert line.call() == ("gleb",)


@pytest.mark.row("C-6")
def test_longest_idle_asks_who_has_been_without_a_call_for_longest() -> None:
    line = Line("longest_idle")
    for expected, talk_s in (("anna", 5), ("boris", 50), ("vera", 1), ("gleb", 1), ("anna", 1)):
        assert line.call() == (expected,)
        line.serve(expected, talk_s)
    line.say(events.Turn("boris", free=False, why="status"))
    line.say(events.Turn("boris", free=True, why=""))
    assert line.call() == ("boris",), "a pause is no call"


@pytest.mark.row("C-7")
def test_least_talk_time_asks_who_has_talked_least_today() -> None:
    line = Line("least_talk_time", ("anna", "boris"))
    assert line.call() == ("anna",)
    line.serve("anna", 100)
    for _ in range(3):
        assert line.call() == ("boris",)
        line.serve("boris", 30)
    line.call()
    line.serve("boris", 30)
    assert line.call() == ("anna",)
    line.serve("anna", 1)
    line.now += 86_400
    assert line.call() == ("anna",), "another day begins at nothing"


@pytest.mark.row("C-8")
def test_fewest_answered_asks_who_has_answered_fewest_today() -> None:
    line = Line("fewest_answered", ("anna", "boris"))
    for expected, talk_s in (("anna", 1), ("boris", 500), ("anna", 1), ("boris", 1)):
        assert line.call() == (expected,)
        line.serve(expected, talk_s)


@pytest.mark.row("C-9")
def test_three_at_a_time_by_chance_and_then_three_others() -> None:
    line = Line("three_random", tuple(f"agent{n}" for n in range(6)))
    first = line.call()
    assert len(first) == 3
    line.now += 15
    second = line.asked(line.say(events.Due(1)))
    assert len(second) == 3
    assert not set(first) & set(second)


@pytest.mark.row("C-10")
def test_three_at_a_time_in_the_order_of_priority_and_then_the_next_three() -> None:
    line = Line("three_by_priority", tuple(f"agent{n}" for n in range(7)))
    assert line.call() == ("agent0", "agent1", "agent2")
    line.now += 15
    assert line.asked(line.say(events.Due(1))) == ("agent3", "agent4", "agent5")
    line.now += 15
    assert line.asked(line.say(events.Due(1))) == ("agent6",)
