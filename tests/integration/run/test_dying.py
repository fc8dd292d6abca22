"""Processes that die, and how the switch stops."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.run.conftest import PROGRAM, Running, Start, UdpProbe, alive, descendants, kill, running
from tests.own_network import own
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.network
HOST = own("51.1")
PHONE = own("51.2")


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("dying"), HOST) as found:
        yield found


def died(switch: Running, role: str) -> int:
    return sum(each["process"].startswith(role) for each in switch.events("process.died"))


def test_what_comes_while_the_brain_is_dead_is_answered_by_the_next(switch: Running) -> None:
    before = switch.pids()
    with UdpProbe(PHONE) as probe:
        kill(before["brain"])
        branches = [f"while-dead-{number}" for number in range(20)]
        for branch in branches:
            probe.send(HOST, branch)
        answers = b"".join(probe.receive()[0] for _ in branches)
    assert all(branch.encode() in answers for branch in branches)
    after = switch.pids()
    assert after["brain"] != before["brain"]
    assert {role: after[role] for role in ("worker", "writer")} == {role: before[role] for role in ("worker", "writer")}
    assert died(switch, "brain") == 1


@pytest.mark.parametrize("role", ["worker", "writer"])
def test_another_process_is_replaced_under_a_running_brain(switch: Running, role: str) -> None:
    before = switch.pids()
    kill(before[role])
    switch.until(lambda: switch.pids().get(role, before[role]) != before[role])
    assert switch.pids()["brain"] == before["brain"]
    with UdpProbe(PHONE) as probe:
        assert probe.ask(HOST, f"after-{role}")[0].startswith(b"SIP/2.0 200")


def test_ctrl_c_stops_everything_cleanly(start: Start) -> None:
    switch = start(own("51.11"))
    switch.until_ready()
    children = descendants(switch.process.pid)
    assert len(children) >= 3
    assert switch.stop(signal.SIGINT) == 0
    assert not any(alive(pid) for pid in children)
    assert switch.events("journal.closed")


def test_a_start_after_a_stop_finds_its_ports_and_its_demo_again(start: Start) -> None:
    switch = start(own("51.12"))
    switch.until_ready()
    assert switch.stop(signal.SIGTERM) == 0
    accounts = (switch.directory / "var" / "demo" / "site.yaml").read_text()
    again = Running(switch.directory, own("51.12"))
    try:
        again.until_ready()
        assert (switch.directory / "var" / "demo" / "site.yaml").read_text() == accounts
    finally:
        again.close()


def test_a_second_signal_ends_everything_at_once(start: Start) -> None:
    switch = start(own("51.13"))
    switch.until_ready()
    children = descendants(switch.process.pid)
    # A writer that cannot run keeps the stop from coming to its end.
    writer = switch.pids()["writer"]
    os.kill(writer, signal.SIGSTOP)
    switch.process.send_signal(signal.SIGINT)
    switch.until(lambda: len(descendants(switch.process.pid)) == 1)
    assert switch.stop(signal.SIGINT) == 1
    assert not any(alive(pid) for pid in children)


def test_nothing_is_left_when_the_supervisor_is_killed(start: Start) -> None:
    switch = start(own("51.14"))
    switch.until_ready()
    children = descendants(switch.process.pid)
    kill(switch.process.pid)
    switch.process.wait(PATIENCE_S)
    until(lambda: not any(alive(pid) for pid in children), switch.log)
    assert "Traceback" not in switch.log()


def test_a_program_that_cannot_start_ends_the_switch_with_a_reason(start: Start) -> None:
    def spoil(directory: Path) -> None:
        (directory / "var" / "nonce.key").mkdir(parents=True)

    switch = start(own("51.15"), prepare=spoil)
    assert switch.process.wait(PATIENCE_S) == 1
    assert [each["process"] for each in switch.events("start.failed")] == ["brain"]
    assert "nonce.key" in switch.log()
    assert "is ready" not in switch.log()


def test_closing_the_terminal_stops_the_switch(tmp_path: Path) -> None:
    config = tmp_path / "softswitch.toml"
    host = own("51.17")
    config.write_text(f'[sip]\nlisten = ["udp:{host}:5060"]\n[api]\nlisten = "{host}:8080"\n')
    ours, theirs = os.openpty()
    words = ["setsid", "--ctty", PROGRAM, "run", "--config", str(config)]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"stops the switch" not in shown:
        shown += os.read(ours, 65536)
    children = descendants(process.pid)
    os.close(ours)
    assert process.wait(PATIENCE_S) == 0
    until(lambda: not any(alive(child) for child in children), shown.decode)
    assert b"event=socket.served" in shown
