"""``softswitch why`` and ``softswitch replay`` on a journal that a run of the router wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from softswitch.app.queue_tools import explained, replay
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, encode
from softswitch.journal.segments import SegmentWriter
from softswitch.queues.agents.facts import AgentEnteredQueue, AgentLeftQueue, AgentLoggedIn
from softswitch.queues.router import events
from softswitch.queues.router.apply import apply
from softswitch.queues.router.facts import QueueOffered
from softswitch.queues.router.router import take
from softswitch.queues.router.rules import Member, QueueRules
from softswitch.queues.router.state import RouterState

START_S = 1_764_000_000.0


class Kept:
    """A router whose facts are kept as they would be on disk."""

    def __init__(self, *rules: QueueRules) -> None:
        self.state = RouterState()
        self.now = START_S
        self.records: list[Record] = []
        self.say(events.Configure(rules))
        for each in rules:
            for member in each.members:
                apply(self.state, self.place(AgentEnteredQueue(member.user, each.name, "test"), ""))

    def place(self, fact: object, conversation_id: str) -> Record:
        self.records.append(Record(len(self.records) + 1, self.now, conversation_id, fact))
        return self.records[-1]

    def say(self, event: events.Event) -> None:
        list(take(self.state, event, self.now, self.place))

    def on_disk(self, directory: Path) -> Path:
        writer = SegmentWriter(directory / "journal")
        writer.append([encode(r.sequence, r.wall_s, r.conversation_id, r.fact) for r in self.records])
        writer.close()
        return directory


def members(*users: str) -> tuple[Member, ...]:
    return tuple(Member(user) for user in users)


@pytest.fixture
def kept() -> Kept:
    made = Kept(QueueRules("support", strategy="priority", members=members("anna", "boris", "vera")))
    made.say(events.Turn("anna", free=False, why="wrap-up"))
    made.say(events.Turn("boris", free=True, why=""))
    made.say(events.Turn("vera", free=True, why=""))
    made.say(events.Enter("c1", "support", "7001"))
    made.now += 15
    made.say(events.Due(1))
    made.now += 4
    made.say(events.Answer(1, "vera", "c1.3"))
    made.now += 60
    made.say(events.Finish(1))
    return made


def test_why_tells_who_was_rung_by_which_rule_and_who_was_passed_over_for_what(kept: Kept, tmp_path: Path) -> None:
    assert [told.text for told in explained(kept.on_disk(tmp_path), "c1")] == [
        "7001 began to wait in support; 0 before them.",
        "boris is rung: priority, stands first by priority (key 1). Passed over: anna (wrap-up), vera (free, and "
        "behind by the strategy: idle since 16:00:00, 0 s of talk, 0 answered).",
        "boris did not answer in time.",
        "vera is rung: priority, stands first by priority (key 1). Passed over: anna (wrap-up), boris (ringing).",
        "vera answered, 19.0 s after the caller had come.",
        "vera and the caller had talked for 60.0 s.",
    ]


def test_why_of_a_call_that_no_queue_had_is_told_so(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No queue has decided anything about c2"):
        explained(kept.on_disk(tmp_path), "c2")


def test_a_replay_comes_to_the_same_decisions_octet_for_octet_and_notices_another(tmp_path: Path) -> None:
    made = Kept(
        QueueRules("a", strategy="three_random", members=members("anna", "boris", "vera", "gleb")),
        QueueRules("b", rank=0, strategy="longest_idle", members=members("vera", "gleb")),
        QueueRules("c", strategy="ring_all", members=members("anna", "vera")),
    )
    chance = Random(3)
    for number in range(300):
        made.now += chance.choice([0, 1, 5, 20])
        user = chance.choice(["anna", "boris", "vera", "gleb"])
        asked = [(n, u) for n, entry in made.state.entries.items() for u in entry.offered]
        made.say(events.Turn(user, free=chance.random() < 0.7, why="busy"))
        if chance.random() < 0.5:
            made.say(events.Enter(f"c{number}", chance.choice("abc"), ""))
        if asked:
            made.say(events.Answer(*chance.choice(asked), "leg"))
        for entry in list(made.state.entries):
            if chance.random() < 0.3:
                made.say(events.Due(entry))
                made.say(events.Finish(entry))
    (tmp_path / "good").mkdir()
    found = replay(made.on_disk(tmp_path / "good"))
    offers = [place for place, record in enumerate(made.records) if isinstance(record.fact, QueueOffered)]
    assert (found.decisions, found.differing, found.unknown) == (len(offers), [], 0)
    assert found.decisions > 100
    wrong = made.records[offers[50]]
    made.records[offers[50]] = replace(wrong, fact=replace(wrong.fact, until_s=0.0))
    (tmp_path / "wrong").mkdir()
    assert [place.split()[1] for place in replay(made.on_disk(tmp_path / "wrong")).differing] == [str(wrong.sequence)]


def test_why_tells_of_who_waited_in_vain_what_the_agents_did_and_whom_they_took_meanwhile(tmp_path: Path) -> None:
    made = Kept(
        QueueRules("support", members=members("anna", "boris", "vera")),
        QueueRules("vip", rank=0, members=members("anna")),
    )
    made.say(events.Turn("anna", free=True, why=""))
    made.place(AgentLoggedIn("boris", "lunch", restored=False), "")
    made.say(events.Turn("boris", free=False, why="status"))
    apply(made.state, made.place(AgentLeftQueue("vera", "support", "test"), ""))
    made.say(events.Enter("c1", "support", "7001"))
    made.say(events.Answer(1, "anna", "c1.2"))
    made.say(events.Turn("anna", free=False, why="serving"))
    made.say(events.Enter("c2", "support", "7002"))
    made.say(events.Enter("c3", "support", "7003"))
    made.say(events.Enter("c4", "vip", "7004"))
    for number in (4, 2):
        made.now += 30
        made.say(events.Finish(1 if number == 4 else 4))
        made.say(events.Turn("anna", free=True, why=""))
        made.say(events.Answer(number, "anna", ""))
    made.say(events.Turn("anna", free=False, why="serving"))
    made.now += 10
    made.say(events.Leave(3, "abandoned"))
    people = "anna (serving), boris (in the status lunch since 16:00:00), vera (logged out)"
    assert [told.text for told in explained(made.on_disk(tmp_path), "c3")] == [
        f"7003 began to wait in support; 1 before them. Nobody could take them: {people}.",
        "The caller hung up, after 70.0 s in support. Meanwhile agents of the queue took 2 other callers: 1 of vip, "
        f"which goes before, 1 who came before. Nobody could take them: {people}.",
    ]
    assert explained(tmp_path, "7003") == explained(tmp_path, "c3"), "a number is that of its last call"


@pytest.mark.parametrize("written", ["+79161112233", "79161112233", "89161112233", "9161112233"])
def test_a_number_is_found_however_it_is_written(tmp_path: Path, written: str) -> None:
    made = Kept(QueueRules("support", members=members("anna")))
    made.say(events.Enter("c1", "support", "79161112233"))
    made.say(events.Enter("c2", "support", "9161112234"))
    made.say(events.Enter("c3", "support", "2233"))
    assert explained(made.on_disk(tmp_path), written)[0].text.startswith("79161112233 began to wait")
    with pytest.raises(CommandError, match="softswitch report abandoned"):
        explained(tmp_path, "112233")


@pytest.mark.parametrize(("kept_place", "told"), [(True, "keeps the place in the line"), (False, "goes to its end")])
def test_why_tells_what_became_of_the_place_of_who_wants_to_be_called_back(
    tmp_path: Path, kept_place: bool, told: str
) -> None:
    made = Kept(QueueRules("support", members=members("anna"), keep_callback_place=kept_place))
    made.say(events.Enter("c1", "support", "7001"))
    made.now += 30
    made.say(events.AskCallback(1, "7002"))
    found = explained(made.on_disk(tmp_path), "c1")[-1].text
    assert found.startswith("The caller wants to be called back at 7002")
    assert told in found


def test_why_tells_when_nobody_was_logged_in(tmp_path: Path) -> None:
    made = Kept(QueueRules("support", members=members("anna")))
    apply(made.state, made.place(AgentLeftQueue("anna", "support", "test"), ""))
    made.say(events.Enter("c1", "support", ""))
    first = explained(made.on_disk(tmp_path), "c1")[0].text
    assert first == "Somebody began to wait in support; 0 before them. Nobody was logged in."
