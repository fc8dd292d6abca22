"""A hundred calls, more coming, and a disk that is full; then a journal's writer that is stopped."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import PROGRAM, SwitchProcess
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.network

CALLS = 300
UP = 100
TALK_MS = 5_000
DISK_MB = 24
RED = "\x1b[31m"
SITE = """\
users:
  - {name: anna, extension: "101", password: secret-101}
trunks:
  - {name: west, host: 127.0.2.1, port: 5090, transport: udp}
numbers:
  - {number: "5101", user: anna}
"""


@pytest.fixture
def small(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    """A switch whose storage directory is a small file system of its own."""
    storage = tmp_path / "switch" / "var"
    storage.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(storage)], check=True)
    try:
        switch = SwitchProcess(space, tmp_path / "switch", site=SITE)
        try:
            yield switch
        finally:
            code = switch.close()
        assert code == 0
        assert "Traceback" not in switch.log()
    finally:
        subprocess.run(["umount", "--lazy", str(storage)], check=True)


def until_so(condition: Callable[[], bool], switch: SwitchProcess) -> None:
    until(condition, lambda: f"{switch.status()}\n{switch.log()[-3000:]}", pause_s=0.1)


def fill(disk: Path) -> Path:
    """Take the space that is left, to the last octet."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def alarmed(switch: SwitchProcess, words: str) -> Callable[[], bool]:
    return lambda: any(words in alarm for alarm in switch.status()["alarms"])


def quiet(switch: SwitchProcess) -> bool:
    return not switch.status()["alarms"]


def shown_on_a_terminal(switch: SwitchProcess, space: Namespace) -> str:
    """Return what ``softswitch status`` writes to a terminal, colours and all."""
    ours, theirs = pty.openpty()
    command = space.command([PROGRAM, "status", "--config", str(switch.config)])
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how a terminal tells its end
            while part := os.read(ours, 65536):
                shown += part
        assert process.wait(PATIENCE_S) == 0
    os.close(ours)
    return shown.decode()


def check_told(switch: SwitchProcess, space: Namespace, alarm: str, event: str) -> None:
    """The alarm is there for people, for programs, for Prometheus and in the log, once."""
    assert f"{RED}{alarm}" in shown_on_a_terminal(switch, space).replace("\r\n", "")
    assert switch.metric("alarms") >= 1
    assert switch.log().count(f'"{event}"') == 1


def test_calls_go_on_and_their_records_are_complete_while_the_disk_is_full_and_the_writer_stands_still(
    small: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    switch = small
    anna = SippPhone(space, tmp_path, "101", address="127.0.1.1", port=5080)
    west = SippPhone(space, tmp_path, "84950000001", address="127.0.2.1", port=5090)
    for phone in (anna, west):
        stack.callback(phone.close)
    anna.plays("register.xml")
    many = ("-m", str(CALLS), "-timeout", "300")
    running = [
        anna.starts("answer.xml", options=many),
        west.starts(
            "trunk_talk.xml",
            options=(*many, "-r", "20", "-l", str(UP)),
            dial="5101",
            talk_ms=str(int(TALK_MS * switch.slowness)),
        ),
    ]
    until_so(lambda: switch.status()["calls"] >= 0.9 * UP, switch)

    ballast = fill(switch.directory / "var")
    until_so(alarmed(switch, "No space left on device; facts wait in memory"), switch)
    assert switch.status()["calls"] > 0
    check_told(switch, space, "the journal cannot be written", "journal.disk_failed")
    ballast.unlink()
    until_so(lambda: quiet(switch), switch)

    writer = {each["role"]: int(each["pid"]) for each in switch.status()["processes"]}["writer"]
    os.kill(writer, signal.SIGSTOP)
    try:
        until_so(alarmed(switch, "the journal's writer stands still"), switch)
        assert switch.status()["calls"] > 0
        check_told(switch, space, "facts wait for the disk since", "journal.late")
        assert switch.metric("journal_late_seconds") >= 5
    finally:
        os.kill(writer, signal.SIGCONT)
    until_so(lambda: quiet(switch), switch)

    for one in running:
        counts = one.finished(timeout_s=310)
        assert (counts.successful, counts.failed) == (CALLS, 0)
    switch.until_at_rest()
    check_records(switch)


def check_records(switch: SwitchProcess) -> None:
    """Every call has one record with one talk, and no fact is missing."""
    assert len(ended(switch)) == CALLS
    calls = switch.records("conversations")
    assert len(calls) == CALLS == len({call["conversation_id"] for call in calls})
    assert Counter(call["end_reason"] for call in calls) == {"completed": CALLS}
    segments = Counter(each["conversation_id"] for each in switch.records("segments"))
    assert segments == {call["conversation_id"]: 1 for call in calls}
    assert switch.metric("journal_lost_facts_total") == 0
    assert "facts in" in switch.cli("journal", "verify")


def ended(switch: SwitchProcess) -> list[object]:
    return [call for call in switch.records("conversations") if call["ended_at"] is not None]
