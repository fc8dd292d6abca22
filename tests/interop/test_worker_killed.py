"""A media worker is killed under a hundred legs of people who talk and a call that rings; another carries a hundred."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from softswitch.calls import facts
from softswitch.core.facts import Record
from softswitch.journal.reading import read_records
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import Sipp, SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_killed import LONGEST_GAP_MS, SITE, SWITCH, Crowd, endpoints, waited_s
from tests.waiting import until

pytestmark = pytest.mark.network

CALLS = 100
TALK_S = 9.0
"""On a machine that is not busy."""
OFFERED_WITHIN_S = 2.0
BACK_WITHIN_S = 1.0
"""Without the time in which the new worker could have run and others had the processors."""
LOST = "Q.850;cause=41;"
PORTS_OF_FIRST = range(16384, 16384 + 8192)


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    found = SwitchProcess(space, folder, site=SITE, more="[media]\nworkers = 2")
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert "Traceback" not in found.log()


def wall_now() -> float:
    return datetime.now(UTC).timestamp()


def journal(switch: SwitchProcess) -> list[Record]:
    return list(read_records(switch.directory / "var" / "journal"))


def facts_of(switch: SwitchProcess, kind: type) -> list[Record]:
    return [record for record in journal(switch) if isinstance(record.fact, kind)]


def until_told(switch: SwitchProcess, kind: type, count: int) -> list[Record]:
    """Wait until the journal has so many facts of a kind; return them."""
    until(
        lambda: len(facts_of(switch, kind)) >= count,
        lambda: (len(facts_of(switch, kind)), switch.log()[-3000:]),
        pause_s=0.1,
    )
    return facts_of(switch, kind)


def same_worker(port: int, other: int) -> bool:
    return (port in PORTS_OF_FIRST) == (other in PORTS_OF_FIRST)


def worker_of(switch: SwitchProcess, port: int) -> int:
    """Return the process of the media worker that has a port."""
    workers = [int(each["pid"]) for each in switch.status()["processes"] if each["role"] == "worker"]
    assert len(workers) == 2
    return workers[0 if port in PORTS_OF_FIRST else 1]


def phone_of(space: Namespace, stack: ExitStack, folder: Path, extension: str, address: str, port: int) -> SippPhone:
    found = SippPhone(space, folder, extension, address=address, port=port)
    stack.callback(found.close)
    return found


def test_one_workers_calls_are_moved_and_the_others_lose_nothing(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    sipp = partial(phone_of, space, stack, tmp_path)
    many, port = ("-m", str(CALLS), "-r", "40", "-mp", "30000"), "[auto_media_port+400]"
    boris, west = sipp("102", "127.0.1.2", 5080), sipp("84950000001", "127.0.2.1", 5090)
    anna, caller = sipp("101", "127.0.1.1", 5080), sipp("102", "127.0.1.3", 5080)
    for phone in (boris, anna):
        phone.plays("register.xml")
    switch.until_workers_have_room()
    running = [
        boris.starts("answer_moved.xml", options=many, media_port=port, talk_ms="300000"),
        west.starts(
            "trunk_moved.xml",
            options=many,
            dial="5102",
            media_port=port,
            talk_ms=str(int(1000 * TALK_S * switch.slowness)),
        ),
    ]
    until_told(switch, facts.LegAcknowledged, CALLS)
    lines = endpoints(switch)
    numbers = {line[3]: number for number, line in enumerate(lines)}
    legs = {r.fact.leg: numbers[r.fact.port] for r in journal(switch) if isinstance(r.fact, facts.LegMediaOpened)}
    crowd = Crowd(space, lines)
    stack.callback(crowd.close)
    ringing = anna.starts("ring.xml", reason=LOST)
    running.append(caller.starts("call_refused.xml", dial="101", status="503", reason=LOST))
    rings_at = until_told(switch, facts.LegMediaOpened, 2 * CALLS + 1)[-1].fact.port
    worker = worker_of(switch, rings_at)
    its_legs = {leg for leg, number in legs.items() if same_worker(lines[number][3], rings_at)}
    assert 0 < len(its_legs) < 2 * CALLS  # half of them, but where a worker was too busy for more
    switch.until_ringing()
    crowd.until_heard(30)
    crowd.count_losses()
    others = [int(each["pid"]) for each in switch.status()["processes"] if each["role"] in {"worker", "brain"}]
    others.remove(worker)
    before_s = {pid: waited_s(pid) for pid in others}
    killed_s = wall_now()
    os.kill(worker, signal.SIGKILL)
    moved, answered = follow(switch, crowd, {leg: legs[leg] for leg in its_legs})
    waits_s = max(waited_s(pid) - before_s[pid] for pid in others)
    heard = crowd.heard()
    for one, calls in zip(running, (CALLS, CALLS, 1), strict=True):
        counts = one.finished()
        assert (counts.successful, counts.failed) == (calls, 0)
    check_cancelled(ringing)

    lost = {record.fact.leg for record in journal(switch) if isinstance(record.fact, facts.LegMediaLost)}
    assert its_legs == lost == {r.fact.leg for r in moved} == answered
    assert max(record.wall_s for record in moved) - killed_s - waits_s < OFFERED_WITHIN_S
    check_back(switch, killed_s)
    check_heard(heard, {legs[leg] for leg in lost}, 1000 * waits_s)
    check_records(switch)


def follow(switch: SwitchProcess, crowd: Crowd, legs: dict[str, int]) -> tuple[list[Record], set[str]]:
    """Let phones speak to where their legs have been moved; return the offers to them, and who answered."""
    moved = until_told(switch, facts.LegReinvited, len(legs))
    opened = {record.fact.leg: record.fact.port for record in facts_of(switch, facts.LegMediaOpened)}
    crowd.move([(legs[record.fact.leg], SWITCH[0], opened[record.fact.leg]) for record in moved])
    answered = {record.fact.leg for record in until_told(switch, facts.LegReinviteAnswered, len(legs))}
    crowd.until_heard(30, "heard_since_moved")
    return moved, answered


def check_cancelled(ringing: Sipp) -> None:
    """The phone that rang was told to stop, and why."""
    ringing.finished()
    cancels = [message for message in ringing.received() if message.startswith("CANCEL ")]
    assert cancels
    assert all(f"Reason: {LOST}" in message for message in cancels), cancels


def check_back(switch: SwitchProcess, killed_s: float) -> None:
    """The worker is there again in time."""
    starts = [json.loads(line) for line in switch.log().splitlines() if '"worker.started"' in line]
    assert len(starts) == 3
    back_s = datetime.fromisoformat(starts[-1]["at"]).timestamp() - killed_s
    assert back_s - starts[-1].get("waited_s", 0.0) < BACK_WITHIN_S


def check_heard(heard: list[dict[str, float]], moved: set[int], waits_ms: float) -> None:
    """Those of the other worker heard every packet, in time; those who were moved hear each other again."""
    others = [each for number, each in enumerate(heard) if number not in moved]
    assert others
    assert not sum(each["lost"] for each in others)
    assert max(each["longest_gap_ms"] for each in others) - waits_ms <= LONGEST_GAP_MS
    assert min(each["heard_since_moved"] for each in heard) > 20


def check_records(switch: SwitchProcess) -> None:
    switch.until_at_rest()
    reasons = Counter(call["end_reason"] for call in switch.records("conversations"))
    assert reasons == {"completed": CALLS, "media-lost": 1}
    assert '"invariant.breached"' not in switch.log()
