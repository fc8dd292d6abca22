"""The router: who is served first, who is asked again, how callers leave."""

from __future__ import annotations

import heapq
from random import Random
from typing import Any

import pytest

from softswitch.core.facts import Record
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.router.state import RouterState
from softswitch.simulation.queue_run import Arrival, QueueRun, Staff


class Lines:
    """Queues, the people who are logged in to them, and a clock."""

    def __init__(self, *rules: QueueRules) -> None:
        self.state = RouterState()
        self.now = 1_000_000.0
        self.say(events.Configure(rules))
        for each in rules:
            for member in each.members:
                self.login(member.user, each.name)

    def place(self, fact: object, conversation_id: str) -> Record:
        return Record(0, self.now, conversation_id, fact)

    def say(self, event: events.Event) -> list[Any]:
        return [record.fact for record in take(self.state, event, self.now, self.place)]

    def login(self, user: str, queue: str) -> list[Any]:
        apply(self.state, self.place(AgentEnteredQueue(user, queue, "test"), ""))
        return self.say(events.LookAgain(user))

    def logout(self, user: str, queue: str) -> list[Any]:
        apply(self.state, self.place(AgentLeftQueue(user, queue, "test"), ""))
        return self.say(events.LookAgain(user))

    def free(self, *users: str) -> list[tuple[int, tuple[str, ...]]]:
        return [offer for user in users for offer in offers(self.say(events.Turn(user, free=True, why="")))]

    def call(self, queue: str, number: str = "", priority: int = 0, skills: tuple[str, ...] = ()) -> int:
        self.say(events.Enter(f"c{self.state.entered + 1}", queue, number, priority, skills))
        return self.state.entered

    def asked(self, entry: int) -> tuple[str, ...]:
        return self.state.entries[entry].offered


def offers(made: list[Any]) -> list[tuple[int, tuple[str, ...]]]:
    return [(fact.entry, fact.users) for fact in made if isinstance(fact, facts.QueueOffered)]


def members(*users: str) -> tuple[Member, ...]:
    return tuple(Member(user) for user in users)


def rules(name: str = "q", *users: str, **more: Any) -> QueueRules:  # noqa: ANN401  # of any field
    return QueueRules(name, members=members(*(users or ("anna", "boris"))), **more)


@pytest.mark.row("C-14")
def test_a_priority_queue_is_served_first_and_only_when_it_is_empty_the_others() -> None:
    lines = Lines(rules("normal"), rules("urgent", rank=0))
    waits_long = lines.call("normal")
    lines.now += 600
    for _ in range(3):
        lines.call("urgent")
    lines.now += 1
    assert [lines.free("anna")[0][0] for _ in range(1)] == [2]
    assert lines.free("boris") == [(3, ("boris",))]
    lines.say(events.Answer(2, "anna", ""))
    lines.say(events.Finish(2))
    assert lines.free("anna") == [(4, ("anna",))]
    lines.say(events.Answer(3, "boris", ""))
    lines.say(events.Finish(3))
    assert lines.free("boris") == [(waits_long, ("boris",))]


@pytest.mark.row("C-12", "C-1")
def test_an_agent_of_several_queues_is_given_whoever_has_waited_longest_and_one_call_at_a_time() -> None:
    lines = Lines(rules("sales", "anna"), rules("support", "anna"))
    first = lines.call("support")
    lines.now += 1
    lines.call("sales")
    assert lines.free("anna") == [(first, ("anna",))]
    assert lines.free("anna") == [], "who is asked already is asked nothing else"


def test_among_the_callers_of_a_queue_priority_goes_before_arrival_and_arrival_before_number() -> None:
    lines = Lines(rules("q", "anna"))
    lines.call("q")
    lines.call("q", priority=5)
    lines.now += 1
    lines.call("q", priority=5)
    served = []
    for _ in range(3):
        ((entry, _),) = lines.free("anna")
        served.append(entry)
        lines.say(events.Answer(entry, "anna", ""))
        lines.say(events.Finish(entry))
    assert served == [2, 3, 1]


def test_who_rejects_a_call_is_not_offered_it_again_in_that_round_and_others_are_asked_at_once() -> None:
    lines = Lines(rules("q", "anna", "boris", strategy="priority"))
    lines.free("anna", "boris")
    entry = lines.call("q")
    made = lines.say(events.Decline(entry, "anna", "rejected"))
    assert offers(made) == [(entry, ("boris",))]
    assert lines.free("anna") == []
    made = lines.say(events.Decline(entry, "boris", "rejected"))
    assert (offers(made), lines.free("boris")) == ([], [])
    lines.now += 10
    assert offers(lines.say(events.Due(entry))) == [(entry, ("anna",))]


def test_who_does_not_answer_in_time_has_missed_the_call_and_the_next_is_asked() -> None:
    lines = Lines(rules("q", "anna", "boris", strategy="priority", ring_s=15.0))
    lines.free("anna", "boris")
    entry = lines.call("q")
    lines.now += 14.9
    assert lines.say(events.Due(entry)) == []
    lines.now += 0.1
    made = lines.say(events.Due(entry))
    assert [(fact.user, fact.how) for fact in made if isinstance(fact, facts.QueueDeclined)] == [("anna", "missed")]
    assert lines.asked(entry) == ("boris",)


def test_when_one_of_several_answers_the_others_are_let_go() -> None:
    lines = Lines(rules("q", "anna", "boris", strategy="ring_all"))
    lines.free("anna", "boris")
    entry = lines.call("q")
    made = lines.say(events.Answer(entry, "boris", "leg"))
    assert [(type(fact).__name__, fact.user) for fact in made] == [
        ("QueueDeclined", "anna"),
        ("QueueAnswered", "boris"),
    ]
    assert lines.say(events.Answer(entry, "anna", "leg")) == []


def test_a_caller_who_hangs_up_while_agents_are_asked_frees_them() -> None:
    lines = Lines(rules("q", "anna", "boris"))
    lines.free("anna")
    entry = lines.call("q")
    made = lines.say(events.Leave(entry, "abandoned"))
    assert [getattr(fact, "how", "") for fact in made] == ["withdrawn", "abandoned"]
    assert lines.free("anna") == []
    assert lines.say(events.Leave(entry, "abandoned")) == [], "an entry ends once"


def test_nobody_without_a_log_in_is_asked() -> None:
    lines = Lines(rules("q", "anna"))
    lines.logout("anna", "q")
    lines.free("anna")
    entry = lines.call("q")
    assert lines.asked(entry) == ()
    assert offers(lines.login("anna", "q")) == [(entry, ("anna",))]


def test_overflow_by_time_takes_who_waits_and_lets_phones_ring_to_their_end() -> None:
    lines = Lines(rules("q", "anna", max_wait_s=30.0, ring_s=15.0, retry_s=100.0))
    entry = lines.call("q")
    lines.now += 29
    lines.free("anna")
    lines.now += 1
    assert lines.say(events.Due(entry)) == []
    lines.now += 14
    made = lines.say(events.Due(entry))
    assert [fact.how for fact in made] == ["missed"]
    assert [fact.how for fact in lines.say(events.Due(entry))] == ["time"]


def test_overflow_by_length_and_by_want_of_agents() -> None:
    lines = Lines(rules("full", "anna", max_length=2), rules("empty", "boris", leave_without_agents=True))
    lines.call("full")
    lines.call("full")
    made = lines.say(events.Enter("c", "full", ""))
    assert [getattr(fact, "how", "") for fact in made] == ["", "full"]
    made = lines.say(events.Enter("c", "empty", ""))
    assert [getattr(fact, "how", "") for fact in made] == ["", "no-agents"], "logged in without a phone is not there"
    lines.say(events.Turn("boris", free=False, why="busy"))
    entry = lines.call("empty")
    made = lines.say(events.Turn("boris", free=False, why="offline"))
    assert [fact.entry for fact in made if isinstance(fact, facts.QueueLeft)] == [entry]
    lines.say(events.Turn("boris", free=False, why="busy"))
    entry = lines.call("empty")
    assert [fact.entry for fact in lines.logout("boris", "empty")] == [entry]


def test_required_skills_relax_one_after_the_other() -> None:
    staff = (Member("anna", skills=("english",)), Member("boris"))
    lines = Lines(QueueRules("q", relax_after_s=20.0, members=staff))
    lines.free("anna", "boris")
    entry = lines.call("q", skills=("english", "tax"))
    assert lines.asked(entry) == ()
    lines.now += 20
    assert offers(lines.say(events.Due(entry))) == [(entry, ("anna",))]
    lines.say(events.Decline(entry, "anna", "rejected"))
    assert lines.asked(entry) == ()
    lines.now += 20
    assert offers(lines.say(events.Due(entry)))[-1] == (entry, ("boris",))


def test_a_caller_is_given_to_the_agent_of_the_last_time_and_may_wait_for_them() -> None:
    lines = Lines(rules("q", "anna", "boris", strategy="priority", sticky_s=3600.0, sticky_wait_s=20.0))
    lines.free("boris")
    entry = lines.call("q", "7001")
    lines.say(events.Answer(entry, "boris", ""))
    lines.free("anna")
    second = lines.call("q", "7001")
    assert lines.asked(second) == (), "boris talks; anna is not asked yet"
    third = lines.call("q", "7002")
    assert lines.asked(third) == ("anna",)
    lines.say(events.Finish(entry))
    assert lines.free("boris") == [(second, ("boris",))]
    lines.say(events.Decline(second, "boris", "rejected"))
    lines.say(events.Decline(third, "anna", "rejected"))
    lines.free("anna")
    lines.now += 20
    assert offers(lines.say(events.Due(second)))[-1] == (second, ("anna",))


def test_each_offer_says_who_why_and_how_many_were_passed_over() -> None:
    staff = (*members("anna", "boris", "vera", "gleb"), Member("dina"))
    lines = Lines(QueueRules("q", strategy="priority", members=staff))
    lines.logout("dina", "q")
    lines.say(events.Turn("anna", free=False, why="wrap-up"))
    lines.free("boris", "vera")
    (offer,) = [f for f in lines.say(events.Enter("c", "q", "")) if isinstance(f, facts.QueueOffered)]
    assert (offer.users, offer.strategy, offer.keys) == (("boris",), "priority", ((1,),))
    assert offer.passed == (("logged out", 1), ("offline", 1), ("strategy", 1), ("wrap-up", 1))


def test_a_queue_that_is_removed_sends_its_callers_away_and_lets_talks_end() -> None:
    lines = Lines(rules("q", "anna"))
    lines.free("anna")
    talks = lines.call("q")
    lines.say(events.Answer(talks, "anna", ""))
    waits = lines.call("q")
    made = lines.say(events.Configure(()))
    assert [(type(fact).__name__, getattr(fact, "entry", 0)) for fact in made] == [
        ("QueueLeft", waits),
        ("QueueRemoved", 0),
    ]
    assert isinstance(lines.say(events.Finish(talks))[0], facts.QueueFinished)


@pytest.mark.row("C-37")
def test_a_callback_keeps_its_place_and_rests_between_tries() -> None:
    lines = Lines(rules("q", "anna", callback_tries=2, callback_retry_s=60.0))
    first, second = lines.call("q"), lines.call("q")
    lines.now += 30
    lines.say(events.AskCallback(first, "7001"))
    assert lines.say(events.AskCallback(first, "7001")) == [], "one callback an entry"
    assert lines.free("anna") == [(first, ("anna",))]
    lines.say(events.DialCallback(first, "b1"))
    lines.say(events.Answer(first, "anna", "leg"))
    made = lines.say(events.FailCallback(first, "no-answer"))
    assert made[0].rest_until_s == lines.now + 60
    assert lines.free("anna") == [(second, ("anna",))]
    lines.say(events.Leave(second, "abandoned"))
    assert lines.free("anna") == []
    lines.now += 60
    assert offers(lines.say(events.Due(first))) == [(first, ("anna",))]
    lines.say(events.Answer(first, "anna", "leg"))
    assert isinstance(lines.say(events.FailCallback(first, "no-answer"))[0], facts.QueueFinished)
    assert not lines.state.entries


def test_twenty_thousand_arrivals_wait_exactly_as_in_a_plain_line() -> None:
    chance, load = Random(7), 0.9
    agents, mean_s = 10, 180.0
    arrivals, now = [], 0.0
    for _ in range(20_000):
        now += chance.expovariate(load * agents / mean_s)
        arrivals.append(Arrival(now, "q", chance.expovariate(1 / mean_s)))
    staff = [Staff(f"agent{n}", ("q",)) for n in range(agents)]
    result = QueueRun([rules("q", *(each.user for each in staff))], staff).run(arrivals)
    assert [outcome.waited_s for outcome in result.outcomes] == pytest.approx(plain_line(arrivals, agents), abs=1e-6)
    assert {outcome.how for outcome in result.outcomes} == {"answered"}


def plain_line(arrivals: list[Arrival], agents: int) -> list[float]:
    """First come, first served by whoever is free first: the textbook."""
    free_at = [0.0] * agents
    waits = []
    for arrival in arrivals:
        begins = max(arrival.at_s, heapq.heappop(free_at))
        heapq.heappush(free_at, begins + arrival.talk_s)
        waits.append(begins - arrival.at_s)
    return waits
