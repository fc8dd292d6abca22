"""Calls at the moment when the switch stops: both sides are told, and the record is written."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.run.conftest import PROGRAM, Running, Start, UdpProbe, alive, descendants, kill
from tests.integration.run.echo_caller import EchoCaller
from tests.own_network import own
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.network
HOST = own("54.1")
PHONE = own("54.2")


@pytest.fixture
def switch(start: Start) -> Running:
    found = start(HOST)
    found.until_ready()
    return found


@pytest.fixture
def caller(switch: Running) -> Iterator[EchoCaller]:
    """A caller whose echo test goes on."""
    found = EchoCaller(switch.directory, HOST, PHONE)
    with found:
        found.call()
        switch.until(lambda: switch.status()["calls"] == 1)
        yield found


def hang_up(caller: EchoCaller) -> None:
    caller.bye()
    caller.await_message("SIP/2.0 200")


def test_ctrl_c_ends_a_call_politely(switch: Running, caller: EchoCaller) -> None:
    switch.process.send_signal(signal.SIGINT)
    bye = caller.await_message("BYE")
    assert "\r\nReason: " in bye
    caller.answer(bye)
    assert switch.process.wait(PATIENCE_S) == 0
    assert record(switch.directory) == ("101", "*99", True)
    assert "Traceback" not in switch.log()


def test_sigterm_lets_a_call_come_to_its_end_and_takes_no_other(switch: Running, caller: EchoCaller) -> None:
    switch.process.send_signal(signal.SIGTERM)
    switch.until(lambda: bool(switch.events("brain.stopping")))
    other = EchoCaller(switch.directory, HOST, own("54.3"))
    with other:
        assert "\r\nRetry-After: " in other.try_call("SIP/2.0 503")
    assert switch.process.poll() is None
    hang_up(caller)
    assert switch.process.wait(PATIENCE_S) == 0
    assert record(switch.directory) == ("101", "*99", True)


def test_a_second_signal_does_not_wait_for_the_calls(switch: Running, caller: EchoCaller) -> None:
    switch.process.send_signal(signal.SIGTERM)
    switch.until(lambda: bool(switch.events("brain.stopping")))
    switch.process.send_signal(signal.SIGTERM)
    caller.answer(caller.await_message("BYE"))
    assert switch.process.wait(PATIENCE_S) == 0


def test_without_a_supervisor_a_call_goes_on_and_nothing_is_left_when_it_ends(
    switch: Running, caller: EchoCaller
) -> None:
    children = descendants(switch.process.pid)
    kill(switch.process.pid)
    switch.process.wait(PATIENCE_S)
    caller.rtp_echoes()
    hang_up(caller)
    until(lambda: not any(alive(pid) for pid in children), switch.log)
    assert record(switch.directory) == ("101", "*99", True)
    assert "Traceback" not in switch.log()


def test_an_upgrade_drops_no_call_and_the_old_worker_ends_with_it(switch: Running, caller: EchoCaller) -> None:
    before = {each["pid"] for each in switch.status()["processes"]}
    old_worker = switch.pids()["worker"]
    caller.rtp_echoes()
    done = subprocess.run(
        [PROGRAM, "upgrade", "--config", str(switch.config)], capture_output=True, text=True, check=True
    )
    assert "old, until its last call ends" in done.stdout
    caller.rtp_echoes()
    now = {each["pid"]: each["role"] for each in switch.status()["processes"]}
    assert [now[pid] for pid in now if pid in before] == ["supervisor", "worker"]
    assert sorted(role for pid, role in now.items() if pid not in before) == ["brain", "worker", "writer"]
    with UdpProbe(PHONE) as probe:
        assert probe.ask(HOST, "upgraded")[0].startswith(b"SIP/2.0 200")
    newer = EchoCaller(switch.directory, HOST, own("54.3"))
    with newer:
        newer.call()
        newer.rtp_echoes()
        assert alive(old_worker)
        hang_up(caller)
        switch.until(lambda: not alive(old_worker))
        newer.rtp_echoes()
        assert switch.status()["calls"] == 1
        hang_up(newer)
    switch.until(lambda: not any(switch.status()[name] for name in ("calls", "legs", "ports", "dialogs")))
    assert switch.stop(signal.SIGTERM) == 0
    assert not switch.events("process.died")


def test_the_supervisor_is_the_last_that_a_full_memory_kills(switch: Running) -> None:
    def score(pid: int) -> int:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    children = [each["pid"] for each in switch.status()["processes"] if each["role"] != "supervisor"]
    assert all(score(pid) > score(switch.process.pid) for pid in children)


def test_systemd_hears_that_the_switch_is_ready_lives_and_stops_and_need_not_listen(
    start: Start, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE_S)
        os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"] = str(tmp_path / "notify"), "4000000"
        try:
            switch = start(own("54.4"))
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        heard = []
        while "READY=1" not in heard:
            heard.append(systemd.recv(100).decode())
        switch.until_ready()
        assert systemd.recv(100) == b"WATCHDOG=1"
        writer = switch.pids()["writer"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other, suppress(BlockingIOError):
            while True:
                other.sendto(b"OTHER=1", socket.MSG_DONTWAIT, str(tmp_path / "notify"))
        kill(writer)  # while nobody hears that the supervisor lives
        switch.until(lambda: switch.pids().get("writer", writer) != writer)
        systemd.setblocking(False)
        with suppress(BlockingIOError):
            while systemd.recv(100):
                pass
        systemd.settimeout(PATIENCE_S)
        switch.process.send_signal(signal.SIGTERM)
        while systemd.recv(100) != b"STOPPING=1":
            pass
        assert switch.process.wait(PATIENCE_S) == 0


def record(directory: Path) -> tuple[str, str, bool]:
    database = sqlite3.connect(directory / "var" / "softswitch.db")
    ((caller, dialled, ended),) = database.execute("SELECT from_number, to_number, ended_at FROM conversations")
    database.close()
    return caller, dialled, ended is not None
