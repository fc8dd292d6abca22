"""The signalling process is killed while calls ring, and over and over at random moments: no call is lost.

``make soak`` kills it twenty times.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import Sipp, SippPhone
from tests.interop.peers.switch import SwitchProcess, ends_well
from tests.waiting import until

pytestmark = pytest.mark.network

RINGING = 50
KILLS = 20 if "SOAK_S" in os.environ else 5
STARTING = 3
"""One in so many dies while it starts, before it has answered anybody."""
CALLS_A_KILL = 24 if "SOAK_S" in os.environ else 10
SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101}
trunks:
  - {name: west, host: 127.0.2.1, port: 5090, transport: udp}
numbers:
  - {number: "5101", user: anna}
"""


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    with ends_well(SwitchProcess(space, folder, site=SITE)) as found:
        yield found


class Traffic:
    """A trunk that calls a phone, which rings, answers, and hears the trunk hang up."""

    def __init__(self, space: Namespace, stack: ExitStack, directory: Path) -> None:
        self._anna = SippPhone(space, directory, "101", address="127.0.1.1")
        self._west = SippPhone(space, directory, "84950000001", address="127.0.2.1", port=5090)
        stack.callback(self._anna.close)
        stack.callback(self._west.close)
        self._anna.plays("register.xml")

    def starts(self, calls: int, *, rate: int, ring_ms: int, talk_ms: int, limit_s: int) -> Sipp:
        """Begin; return the trunk's side."""
        many = ("-m", str(calls), "-timeout", str(limit_s))
        # SIPp takes what is said again after the end of a call for a call of its own.
        more = ("-m", str(10 * calls), "-timeout", str(limit_s))
        self._anna.starts("answer.xml", options=more, answer_after_ms=str(ring_ms))
        return self._west.starts(
            "trunk_survive.xml", options=(*many, "-r", str(rate)), dial="5101", talk_ms=str(talk_ms)
        )


def brain_of(supervisor: int) -> int | None:
    """Return the brain's process as the system knows it, which has one before the switch can tell."""
    for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
            if b"brain_start" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


def supervisor_of(switch: SwitchProcess) -> int:
    return {each["role"]: int(each["pid"]) for each in switch.status()["processes"]}["supervisor"]


def answering(switch: SwitchProcess) -> int:
    """Return how many brains have begun to answer phones so far."""
    return switch.log().count('"brain.answering"')


def kill_brain(switch: SwitchProcess, supervisor: int, *, before: int = 0, wait_s: float = 0.0) -> int:
    """Kill the brain some time after it has begun to answer phones; return its process.

    Between deaths the supervisor pauses for up to 5 s; killed again and again while it starts, a brain would be away
    for longer than SIP waits (32 s).

    Args:
        switch: whose brain.
        supervisor: its parent.
        before: how many brains had begun to answer when the last one was killed.
        wait_s: how long it lives.
    """
    until(lambda: answering(switch) > before, lambda: switch.log()[-3000:], pause_s=0.02)
    time.sleep(wait_s)
    brain = brain_of(supervisor)
    assert brain is not None
    os.kill(brain, signal.SIGKILL)
    return brain


def kill_starting_brain(supervisor: int, last: int, wait_s: float) -> int:
    """Kill the brain that follows ``last`` a moment after the supervisor has started it; return its process."""
    until(lambda: brain_of(supervisor) not in (None, last), pause_s=0.005)
    brain = brain_of(supervisor)
    time.sleep(wait_s)
    assert brain is not None
    os.kill(brain, signal.SIGKILL)
    return brain


def check_records(switch: SwitchProcess, calls: int) -> list[str]:
    """Every call has one record, which is complete; return how they ended."""
    rows = switch.records("conversations")
    assert all(row["ended_at"] is not None for row in rows)
    assert len(rows) == calls == len({row["conversation_id"] for row in rows})
    return [row["end_reason"] for row in rows]


def at_rest_again(switch: SwitchProcess, kills: int) -> None:
    switch.until_ready_again()
    switch.until_at_rest()
    assert switch.log().count('"process.died"') == kills
    assert '"invariant.breached"' not in switch.log()


def test_calls_that_ring_while_the_brain_dies_are_answered(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    supervisor = supervisor_of(switch)
    callers = Traffic(space, stack, tmp_path).starts(
        RINGING, rate=50, ring_ms=int(6000 * switch.slowness), talk_ms=500, limit_s=300
    )
    until(lambda: switch.status()["calls"] >= RINGING, switch.status)
    kill_brain(switch, supervisor)
    assert callers.finished(timeout_s=310).successful == RINGING
    at_rest_again(switch, 1)
    assert check_records(switch, RINGING) == ["completed"] * RINGING


@pytest.mark.timeout(300 + 30 * KILLS)
def test_no_call_is_lost_when_the_brain_dies_over_and_over(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201  # to go through the same again
    chance = random.Random(seed)
    supervisor = supervisor_of(switch)
    calls = CALLS_A_KILL * KILLS
    limit_s = 90 + 15 * KILLS
    callers = Traffic(space, stack, tmp_path).starts(calls, rate=3, ring_ms=500, talk_ms=1500, limit_s=limit_s)
    before = brain = 0
    for number in range(KILLS):
        if number % STARTING == STARTING - 1:
            brain = kill_starting_brain(supervisor, brain, chance.uniform(0.0, 1.0))
        else:
            brain = kill_brain(switch, supervisor, before=before, wait_s=chance.uniform(0.0, 3.0))
        before = answering(switch)
    assert callers.finished(timeout_s=limit_s + 10).successful == calls
    at_rest_again(switch, KILLS)
    check_records(switch, calls)
