"""The estimated wait: by hand where it can be worked out, and by how much it errs in random centres."""

from __future__ import annotations

import pytest

from bench.queue_estimate import KINDS, error_of
from softswitch.core.facts import Record
from softswitch.queues.figures.estimate import Outlook
from softswitch.queues.figures.paces import Pace, Paces
from softswitch.queues.figures.state import Figures
from softswitch.queues.router import events
from softswitch.queues.router.rules import Member, QueueRules
from tests.unit.queues.test_router import Lines

TALK_S = 100.0


class Centre(Lines):
    """Queues whose calls take 100 s, all of whose agents talk."""

    def __init__(self, *rules: QueueRules, rate: float = 0.001) -> None:
        self.paces = Paces()
        super().__init__(*rules)
        for each in rules:
            self.paces.queues[each.name] = Pace(served=50, handling_s=TALK_S, rate=rate, rate_at_s=self.now)
        for user in {member.user for each in rules for member in each.members}:
            self.say(events.Turn(user, free=False, why="serving"))

    def place(self, fact: object, conversation_id: str) -> Record:
        record = super().place(fact, conversation_id)
        self.paces.apply(record)
        return record

    def estimate(self, number: int) -> int | None:
        entry = self.state.entries[number]
        return Outlook(self.state, self.paces, entry.queue, entry.skills, self.now).wait_s(entry)


def members(*names: str, skills: tuple[str, ...] = ()) -> tuple[Member, ...]:
    return tuple(Member(name, 1, skills) for name in names)


def test_of_one_queue_it_is_the_place_times_the_handling_by_the_agents() -> None:
    centre = Centre(QueueRules("q", members=members("a", "b", "c", "d")))
    assert [centre.estimate(centre.call("q")) for _ in range(4)] == [25, 50, 75, 100]


def test_whoever_is_away_does_not_count_as_an_agent() -> None:
    centre = Centre(QueueRules("q", members=members("a", "b")))
    centre.say(events.Turn("b", free=False, why="status"))
    assert centre.estimate(centre.call("q")) == 100
    centre.say(events.Turn("a", free=False, why="offline"))
    assert centre.estimate(centre.call("q")) is None


def test_callers_of_another_queue_of_the_same_agents_are_ahead_too() -> None:
    both = members("a", "b")
    centre = Centre(QueueRules("q", members=both), QueueRules("r", members=both))
    for _ in range(3):
        centre.call("r")
    assert centre.estimate(centre.call("q")) == 200
    centre.call("r")
    assert centre.estimate(centre.call("q")) == 300


def test_of_callers_whom_other_agents_may_take_only_a_part_counts() -> None:
    centre = Centre(QueueRules("q", members=members("a", "b")), QueueRules("r", members=members("b", "c", "d", "e")))
    for _ in range(4):
        centre.call("r")
    assert centre.estimate(centre.call("q")) == 100, "one of four is taken by b: two calls for two agents"


def test_a_crowd_elsewhere_keeps_only_the_agent_busy_whom_both_have() -> None:
    many = members(*"abcdefghij")
    centre = Centre(QueueRules("q", members=many), QueueRules("r", members=members("a")))
    for _ in range(100):
        centre.call("r")
    assert centre.estimate(centre.call("q")) == round(TALK_S / 9)


def test_only_agents_with_the_skills_count_for_callers_who_ask_for_them() -> None:
    few = members("a", skills=("english",))
    centre = Centre(QueueRules("q", members=(*few, *members("b", "c", "d"))))
    assert centre.estimate(centre.call("q", skills=("english",))) == 100
    assert centre.estimate(centre.call("q")) == 33, "three are left who do not have to take the other one"


def test_whoever_will_come_to_a_queue_that_goes_before_counts_too() -> None:
    both = members("a", "b")
    low, high = QueueRules("q", 1, members=both), QueueRules("r", 0, members=both)
    centre = Centre(low, high, rate=0.01)  # half of what both can do
    assert centre.estimate(centre.call("q")) == pytest.approx(100, abs=8)
    crowded = Centre(low, high, rate=0.02)
    assert crowded.estimate(crowded.call("q")) is None, "there is no end of it"
    assert crowded.estimate(crowded.call("r")) == 50


def test_nothing_is_told_of_a_queue_that_has_served_nobody() -> None:
    centre = Centre(QueueRules("q", members=members("a")))
    centre.paces.queues["q"].served = 0
    assert centre.estimate(centre.call("q")) is None


def test_a_call_takes_an_agent_from_the_offer_to_the_end_of_its_wrap_up_with_all_offers_in_vain() -> None:
    lines = Centre(QueueRules("q", members=members("a", "b")))
    lines.paces = Paces()
    lines.free("a", "b")
    number = lines.call("q")
    lines.now += 15
    lines.say(events.Decline(number, "a", "missed"))
    lines.say(events.Turn("a", free=False, why="blocked"))
    lines.now += 5
    lines.say(events.Answer(number, "b", ""))
    lines.say(events.Turn("b", free=False, why="serving"))
    lines.now += 60
    lines.say(events.Finish(number))
    lines.say(events.Turn("b", free=False, why="wrap-up"))
    lines.now += 20
    lines.say(events.Turn("b", free=True, why=""))
    pace = lines.paces.queues["q"]
    assert (pace.served, pace.handling_s, pace.in_vain_s) == (1, 15 + 5 + 60 + 20, 0.0)
    figures, again = Figures(), Figures()
    figures.paces = lines.paces
    again.restore(figures.values())
    assert again.paces == lines.paces
    again = Figures()
    again.restore(figures.values()[:-1])
    assert again.paces == Paces(), "a snapshot of before has none"


def test_where_agents_serve_five_queues_it_is_right_on_average_and_better_than_to_know_the_mean() -> None:
    found = error_of(KINDS["agents_in_five_queues"], 300, seed=1)
    assert found["mean_estimate_s"] == pytest.approx(found["mean_wait_s"], rel=0.25)
    assert found["mean_error_s"] < found["mean_error_of_the_mean_s"]
