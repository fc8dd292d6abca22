"""A media worker is killed under fifty conversations, while another one carries fifty."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from softswitch.calls import facts
from softswitch.core.facts import Record
from softswitch.journal.reading import read_records
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_killed import LONGEST_GAP_MS, SITE, SWITCH, Crowd, endpoints

pytestmark = pytest.mark.network

CALLS = 100
TALK_MS = 9_000
OFFERED_WITHIN_S = 2.0
BACK_WITHIN_S = 1.0


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


def until(switch: SwitchProcess, kind: type, count: int, limit_s: float = 15.0) -> list[Record]:
    """Wait until the journal has so many facts of a kind; return them."""
    deadline = time.monotonic() + limit_s
    while True:
        found = [record for record in journal(switch) if isinstance(record.fact, kind)]
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, (len(found), switch.log()[-3000:])
        time.sleep(0.1)


@pytest.mark.timeout(120)
def test_one_workers_calls_are_moved_and_the_others_lose_nothing(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    def sipp(extension: str, address: str, port: int) -> SippPhone:
        found = SippPhone(space, tmp_path, extension, address=address, port=port)
        stack.callback(found.close)
        return found

    many = ("-m", str(CALLS), "-r", "40", "-mp", "30000")
    port = "[auto_media_port+400]"
    boris, west = sipp("102", "127.0.1.2", 5080), sipp("84950000001", "127.0.2.1", 5090)
    boris.plays("register.xml")
    running = [
        boris.starts("answer_moved.xml", options=many, media_port=port, talk_ms="60000"),
        west.starts("trunk_moved.xml", options=many, dial="5102", media_port=port, talk_ms=str(TALK_MS)),
    ]
    until(switch, facts.LegAcknowledged, CALLS)
    lines = endpoints(switch)
    numbers = {line[3]: number for number, line in enumerate(lines)}
    legs = {r.fact.leg: numbers[r.fact.port] for r in journal(switch) if isinstance(r.fact, facts.LegMediaOpened)}
    crowd = Crowd(space, lines)
    stack.callback(crowd.close)
    time.sleep(1.0)  # everybody is heard, and latched
    worker = next(int(each["pid"]) for each in switch.status()["processes"] if each["role"] == "worker")
    killed_s = wall_now()
    os.kill(worker, signal.SIGKILL)
    moved = until(switch, facts.LegReinvited, CALLS)
    opened = {r.fact.leg: r.fact.port for r in journal(switch) if isinstance(r.fact, facts.LegMediaOpened)}
    crowd.move([(legs[r.fact.leg], SWITCH[0], opened[r.fact.leg]) for r in moved])
    answered = until(switch, facts.LegReinviteAnswered, CALLS)
    time.sleep(1.0)
    heard = crowd.heard()
    for one in running:
        counts = one.finished()
        assert (counts.successful, counts.failed) == (CALLS, 0)

    lost = {record.fact.leg for record in journal(switch) if isinstance(record.fact, facts.LegMediaLost)}
    assert lost == {r.fact.leg for r in moved} == {r.fact.leg for r in answered}
    assert len(lost) == CALLS  # two legs of each of the first worker's conversations
    offered_s = max(record.wall_s for record in moved) - killed_s
    assert offered_s < OFFERED_WITHIN_S
    assert switch.log().count('"worker.started"') == 3
    others = [each for number, each in enumerate(heard) if number not in {legs[leg] for leg in lost}]
    assert len(others) == CALLS
    assert max(each["longest_gap_ms"] for each in others) <= LONGEST_GAP_MS
    assert min(each["heard_since_moved"] for number, each in enumerate(heard)) > 20
    check_records(switch)


def check_records(switch: SwitchProcess) -> None:
    switch.until_at_rest()
    deadline = time.monotonic() + 10
    while any(call["ended_at"] is None for call in switch.records("conversations")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert Counter(call["end_reason"] for call in switch.records("conversations")) == {"completed": CALLS}
    assert '"invariant.breached"' not in switch.log()
