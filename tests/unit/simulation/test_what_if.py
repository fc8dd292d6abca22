"""What-if: the past comes out again where nothing is changed, and otherwise where something is."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from softswitch.app.queue_rules import rules_of
from softswitch.app.record_rows import project
from softswitch.app.report_tools import Limits
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.directory.site import Queue, Site, make_site
from softswitch.simulation.queue_run import Arrival, QueueRun, Staff
from softswitch.simulation.what_if import bars, database_of, happened, read_past, run
from softswitch.storage.record_store import RecordStore, default_url

START_S = 1_795_348_800.0
LIMITS = Limits(sla_s=lambda _: 20.0)
SITE: Site = make_site("example.net", queues=(Queue("support", "700", ("anna", "boris"), "longest_idle"),))


class Recorded(QueueRun):
    """A run whose facts go into the records."""

    def __init__(self, staff: list[Staff]) -> None:
        self.records: list[Record] = []
        super().__init__([rules_of(SITE.queues["support"])], staff)

    def _place(self, fact: object, conversation_id: str) -> Record:
        self.records.append(Record(len(self.records) + 1, self._now, conversation_id, fact))
        return self.records[-1]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    chance = Random(5)
    moments = sorted(START_S + chance.uniform(0, 7200) for _ in range(120))
    arrivals = [
        Arrival(at_s, "support", chance.expovariate(1 / 110), chance.choice([float("inf"), 60.0]), f"7{n}")
        for n, at_s in enumerate(moments)
    ]
    staff = [Staff(user, ("support",), 4.0, 0.0, START_S - 1) for user in ("anna", "boris")]
    recorded = Recorded(staff)
    recorded.run(arrivals)
    store = RecordStore(default_url(tmp_path))
    store.apply(project(recorded.records), len(recorded.records))
    store.close()
    return tmp_path


def test_the_same_rules_and_people_give_what_happened(directory: Path) -> None:
    past = read_past(database_of(directory), SITE, "2026", "2027")
    was, again = happened(past, LIMITS), run(past, SITE, LIMITS, answer_s=4.0)
    assert (was.calls, again.calls) == (120, 120)
    assert was.abandoned > 5
    assert again.mean_wait_s == pytest.approx(was.mean_wait_s, rel=0.05)
    assert again.answered == pytest.approx(was.answered, abs=3)
    assert was.load > 50
    assert again.load == pytest.approx(was.load, rel=0.05)
    assert again.service_level == pytest.approx(was.service_level, abs=3)
    hasty = happened(past, Limits(short_s=lambda _: 61.0))
    assert hasty.service_level == pytest.approx(100 * was.service_level * (was.calls / was.answered) / 100, rel=0.01)


def test_one_agent_more_shortens_waits_and_one_fewer_lengthens_them(directory: Path) -> None:
    past = read_past(database_of(directory), SITE, "2026", "2027")
    again = run(past, SITE, LIMITS)
    more, fewer = run(past, SITE, LIMITS, agents=1), run(past, SITE, LIMITS, agents=-1)
    assert more.mean_wait_s < again.mean_wait_s < fewer.mean_wait_s
    assert more.service_level > again.service_level > fewer.service_level
    assert more.load < again.load
    assert run(past, SITE, LIMITS, strategy="random").calls == 120
    drawn = list(bars(again.waits))
    assert sum(count for _, count, _ in drawn) == again.answered


def test_a_time_without_calls_is_told(directory: Path) -> None:
    with pytest.raises(CommandError, match="No call of a queue"):
        read_past(database_of(directory), SITE, "2027", "2028")


def test_a_strategy_that_there_is_not_is_told_with_those_that_there_are(directory: Path) -> None:
    past = read_past(database_of(directory), SITE, "2026", "2027")
    with pytest.raises(CommandError, match="There is no strategy longest_idl; write longest_idle"):
        run(past, SITE, LIMITS, strategy="longest_idl")


def test_where_phones_ring_for_less_than_the_usual_answer_takes_they_are_answered_all_the_same(directory: Path) -> None:
    hasty = make_site("example.net", queues=(Queue("support", "700", ("anna", "boris"), "longest_idle", ring_s=3.0),))
    past = read_past(database_of(directory), hasty, "2026", "2027")
    again = run(past, hasty, LIMITS, answer_s=4.0)
    assert again.answered == pytest.approx(happened(past, LIMITS).answered, abs=8)
