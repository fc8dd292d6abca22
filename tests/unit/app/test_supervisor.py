"""How the supervisor waits between the deaths of a process, without a process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from softswitch.app.supervisor import LONGEST_BACK_OFF_S, STEADY_S, Child, Supervisor


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    found = Supervisor({"ring": os.memfd_create("ring"), "workers": 0})
    found.told_ready = True
    started: list[str] = []
    monkeypatch.setattr(found, "_start", lambda child, now: started.append(child.name))
    found.plan["started"] = started
    yield found
    for descriptor in (*found.life, found.ring):
        os.close(descriptor)
    found.selector.close()


def pause_s(supervisor: Supervisor, child: Child, *, died_s: float, lived_s: float) -> float:
    """Let a process die, and return how long the supervisor waits for the next."""
    child.started_s = died_s - lived_s
    supervisor._start_later(child, "signal 9 (Killed)", died_s)
    return child.not_before_s - died_s


def test_the_first_death_is_followed_by_a_start_at_once_and_each_further_one_by_a_longer_pause(
    supervisor: Supervisor,
) -> None:
    brain = supervisor.brain
    pauses = [pause_s(supervisor, brain, died_s=10.0 * n, lived_s=1.0) for n in range(1, 9)]
    assert pauses == pytest.approx(
        [0.0, 0.4, 0.8, 1.6, 3.2, LONGEST_BACK_OFF_S, LONGEST_BACK_OFF_S, LONGEST_BACK_OFF_S]
    )
    assert supervisor.restarts["brain"] == 8


def test_a_process_that_lived_long_enough_is_started_at_once_again(supervisor: Supervisor) -> None:
    brain = supervisor.brain
    for number in range(1, 6):
        pause_s(supervisor, brain, died_s=10.0 * number, lived_s=1.0)
    assert pause_s(supervisor, brain, died_s=100.0, lived_s=STEADY_S + 1) == 0.0
    assert pause_s(supervisor, brain, died_s=110.0, lived_s=1.0) == 0.0
    assert pause_s(supervisor, brain, died_s=120.0, lived_s=1.0) == pytest.approx(0.4)


def test_nothing_is_started_before_its_pause_is_over_and_the_loop_wakes_up_for_it(supervisor: Supervisor) -> None:
    brain = supervisor.brain
    supervisor.children = [brain]
    for _ in range(3):
        pause_s(supervisor, brain, died_s=50.0, lived_s=1.0)
    assert supervisor._start_due(50.5) == pytest.approx(0.3)
    assert supervisor.plan["started"] == []
    supervisor._start_due(50.81)
    assert supervisor.plan["started"] == ["brain"]


def test_the_log_says_who_died_of_what_and_when_it_comes_again(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor.brain.failures = 2
    pause_s(supervisor, supervisor.brain, died_s=7.0, lived_s=0.5)
    line = json.loads(capfd.readouterr().err)
    told = {name: line[name] for name in ("event", "process", "reason", "again_in_s")}
    assert told == {"event": "process.died", "process": "brain", "reason": "signal 9 (Killed)", "again_in_s": 0.8}
