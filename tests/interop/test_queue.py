"""A queue over real SIP: callers who hang up whenever they like, agents who answer, and the brain is killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess

pytestmark = pytest.mark.network

AGENTS = {"anna": "101", "boris": "102", "vera": "103"}
CALLERS, HASTY = 24, 12
SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101, preset: mango}
  - {name: boris, extension: "102", password: secret-102, preset: mango}
  - {name: vera, extension: "103", password: secret-103, preset: mango}
queues:
  - {name: support, extension: "700", strategy: longest_idle, ring_s: 5, retry_s: 1,
     members: [{user: anna}, {user: boris}, {user: vera}]}
trunks:
  - {name: west, host: 127.0.2.1, port: 5090, transport: udp}
  - {name: east, host: 127.0.2.2, port: 5090, transport: udp}
numbers:
  - {number: "5700", queue: support}
"""


@pytest.fixture
def queue_switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    found = SwitchProcess(space, folder, site=SITE)
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert "Traceback" not in found.log()


def until(switch: SwitchProcess, served: int, *, timeout_s: float = 20.0) -> None:
    """Wait until so many callers talk with agents."""
    deadline = time.monotonic() + timeout_s
    while switch.ask("GET", "queues/support")["served"] < served:
        assert time.monotonic() < deadline, switch.ask("GET", "queues/support")
        time.sleep(0.05)


@pytest.mark.timeout(180)
@pytest.mark.row("C-1", "C-13")
def test_whatever_callers_and_agents_do_nothing_sticks_and_each_call_is_in_the_records_once(
    queue_switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    switch = queue_switch

    def sipp(extension: str, address: str, port: int) -> SippPhone:
        found = SippPhone(space, tmp_path, extension, address=address, port=port)
        stack.callback(found.close)
        return found

    for number, (name, extension) in enumerate(AGENTS.items(), start=1):
        phone = sipp(extension, f"127.0.1.{number}", 5080)
        phone.plays("register.xml")
        phone.starts("answer.xml", options=("-m", "200"), answer_after_ms="50", media_port="[auto_media_port+400]")
        switch.cli("agent", "login", name)
    west, east = sipp("84950000001", "127.0.2.1", 5090), sipp("84950000002", "127.0.2.2", 5090)
    port = "[auto_media_port+400]"
    running = [
        west.starts(
            "trunk_talk.xml", options=("-m", str(CALLERS), "-r", "4"), dial="5700", media_port=port, talk_ms="3000"
        ),
        east.starts(
            "trunk_talk.xml", options=("-m", str(HASTY), "-r", "3"), dial="5700", media_port=port, talk_ms="700"
        ),
    ]
    until(switch, 3)
    switch.cli("agent", "logout", "vera")
    brain = next(each["pid"] for each in switch.status()["processes"] if each["role"] == "brain")
    os.kill(brain, signal.SIGKILL)
    time.sleep(0.2)
    switch.until_ready_again()
    switch.cli("agent", "login", "vera")
    for one in running:
        assert one.finished().failed == 0
    switch.until_at_rest(timeout_s=30)
    queue = switch.ask("GET", "queues/support")
    assert (queue["waiting"], queue["served"]) == (0, 0)
    assert queue["agents"] == dict.fromkeys(AGENTS, "free"), "nobody is stuck"
    assert queue["entered"] == CALLERS + HASTY == queue["answered"] + queue["abandoned"]
    assert queue["answered"] >= 6
    deadline = time.monotonic() + 10
    while any(call["ended_at"] is None for call in switch.records("conversations")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    calls = [call for call in switch.records("conversations") if call["to_number"] == "5700"]
    assert len(calls) == CALLERS + HASTY
    assert Counter(call["end_reason"] for call in calls) == {"completed": CALLERS + HASTY}
    assert "the same again" in switch.cli("replay")
