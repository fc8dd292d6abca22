"""Fifty recorded calls while everything that has to do with recordings is killed, and a disk that is full."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import soundfile

from softswitch.app.recording_archive import RecordingArchive
from softswitch.calls import facts
from softswitch.calls.recording.facts import RecordingFailed, RecordingStarted
from tests.integration.media.recording import level_of, read
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_killed import SWITCH, Crowd, endpoints
from tests.interop.test_worker_killed import journal, until, wall_now

pytestmark = pytest.mark.network

CALLS = 50
TALK_MS = 30_000
"""Longer than it takes; the switch is told to end the calls."""
CALLER_HZ, CALLEE_HZ = 440, 850
SITE = """\
users:
  - {name: boris, extension: "102", password: secret-102, recording: always}
trunks:
  - {name: west, host: 127.0.2.1, port: 5090, transport: udp}
numbers:
  - {number: "5102", user: boris}
"""
MORE = """\
[recording]
on_failure = "refuse"
"""
CONVERTER = """
import sys
from pathlib import Path
from softswitch.api.client import SwitchClient
from softswitch.app.recording_archive import RecordingArchive
from softswitch.app.recordings_upkeep import keep_recordings
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.settings import RecordingSettings
var, form = Path(sys.argv[1]), sys.argv[2]
with SwitchClient(var) as switch:
    print("ready", flush=True)
    rules = RecordingSettings(form=form, encrypt=False)
    keep_recordings(var, RecordingArchive(var), switch, rules, wall_s=SystemClock().wall() + 120)
"""
"""What the upkeep's process does with recordings, as if they had ended a while ago."""


@pytest.fixture
def switch(space: Namespace, tmp_path: Path) -> Iterator[SwitchProcess]:
    folder = tmp_path / "switch"
    folder.mkdir()
    found = SwitchProcess(space, folder, site=SITE, more=MORE)
    try:
        yield found
    finally:
        code = found.close()
    assert code == 0
    assert "Traceback" not in found.log()


def recordings(switch: SwitchProcess, count: int) -> list[dict[str, Any]]:
    """Return the recordings once there are so many and all are whole."""
    deadline = time.monotonic() + 20
    while True:
        found: list[dict[str, Any]] = switch.ask("GET", "recordings?limit=1000")
        if len(found) == count and all(one["seconds"] for one in found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def kill_all(switch: SwitchProcess) -> float:
    """Kill brain, worker and recorder in one moment; return when that was, in wall time."""
    pids = {each["role"]: int(each["pid"]) for each in switch.status()["processes"]}
    worker = pids["worker"]
    recorder = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    assert len(recorder) == 1
    for pid in (pids["brain"], worker, int(recorder[0])):
        os.kill(pid, signal.SIGKILL)
    return wall_now()


def check_heard(path: Path, from_s: float, to_s: float) -> None:
    """Each side is heard on its side, and it alone."""
    rate, samples = read(path)
    part = samples[int(from_s * rate) : int(to_s * rate)]
    assert len(part) == int(to_s * rate) - int(from_s * rate), (path, len(samples) / rate)
    for channel, own, other in ((0, CALLER_HZ, CALLEE_HZ), (1, CALLEE_HZ, CALLER_HZ)):
        assert level_of(part[:, channel], rate, own) > 4000, (path, channel, from_s)
        assert level_of(part[:, channel], rate, other) < 400, (path, channel, from_s)


def convert(switch: SwitchProcess, form: str, space: Namespace, kill_after_s: float | None) -> None:
    words = [sys.executable, "-c", CONVERTER, str(switch.directory / "var"), form]
    with subprocess.Popen(space.command(words), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            process.kill()
    assert process.returncode == (0 if kill_after_s is None else -signal.SIGKILL)


class Fifty:
    """The calls: a trunk's callers and a phone's answers by SIPp, what they say by the crowd."""

    def __init__(self, switch: SwitchProcess, space: Namespace, stack: ExitStack, directory: Path) -> None:
        self._switch = switch
        many = ("-m", str(CALLS), "-r", "50", "-mp", "30000")
        port = "[auto_media_port+400]"
        self.boris = SippPhone(space, directory, "102", address="127.0.1.2", port=5080)
        self.west = SippPhone(space, directory, "84950000001", address="127.0.2.1", port=5090)
        for phone in (self.boris, self.west):
            stack.callback(phone.close)
        self.boris.plays("register.xml")
        talk = {"media_port": port, "talk_ms": str(TALK_MS)}
        self._running = [
            self.boris.starts("answer_moved.xml", options=many, **talk),
            self.west.starts("trunk_moved.xml", options=many, dial="5102", **talk),
        ]
        until(switch, facts.LegAcknowledged, CALLS)
        lines = endpoints(switch)
        spoken = [[*line, (CALLER_HZ, CALLEE_HZ)[number % 2]] for number, line in enumerate(lines)]
        self._crowd = Crowd(space, spoken)
        stack.callback(self._crowd.close)
        numbers = {line[3]: number for number, line in enumerate(lines)}
        records = journal(switch)
        self._legs = {r.fact.leg: numbers[r.fact.port] for r in records if isinstance(r.fact, facts.LegMediaOpened)}
        self.files = {r.fact.files[0][1]: r.wall_s for r in records if isinstance(r.fact, RecordingStarted)}
        """When each file begins, in wall time."""
        self.began_s = wall_now() + 1.5
        """All have begun to speak."""

    def follow(self) -> None:
        """Let the crowd speak to where the switch has moved the legs."""
        moved = until(self._switch, facts.LegReinvited, CALLS)
        opened = {r.fact.leg: r.fact.port for r in journal(self._switch) if isinstance(r.fact, facts.LegMediaOpened)}
        self._crowd.move([(self._legs[r.fact.leg], SWITCH[0], opened[r.fact.leg]) for r in moved])
        until(self._switch, facts.LegReinviteAnswered, CALLS)

    def end(self) -> None:
        """Let the switch end the calls."""
        for conversation in {leg.partition(".")[0] for leg in self._legs}:
            self._switch.ask("POST", f"legs/{conversation}.1/hangup")
        for one in self._running:
            counts = one.finished()
            assert (counts.successful, counts.failed) == (CALLS, 0)
        self._switch.until_at_rest()


@pytest.mark.timeout(150)
def test_fifty_recordings_survive_the_death_of_brain_worker_recorder_and_converter(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    calls = Fifty(switch, space, stack, tmp_path)
    assert len(calls.files) == CALLS
    time.sleep(3.5)
    killed_s = kill_all(switch)
    check_left(switch, calls, killed_s, tmp_path / "left.wav")
    calls.follow()
    heard_again_s = wall_now() + 1.0
    time.sleep(2.5)
    calls.end()
    found = recordings(switch, CALLS)
    assert {one["path"] for one in found} == calls.files.keys()
    for one in found:
        path, began_s = switch.directory / "var" / one["path"], calls.files[one["path"]]
        check_heard(path, calls.began_s - began_s, killed_s - 1.0 - began_s)
        check_heard(path, heard_again_s - began_s, one["seconds"] - 0.5)
        (interval,) = json.loads((path.parent / f"{one['conversation_id']}.json").read_text())["intervals"]
        gaps = [gap for gap in interval["gaps"] if gap["why"] == "interrupted"]
        assert {gap["channel"] for gap in gaps} == {"left", "right"}
        assert all(gap["from_s"] > killed_s - began_s - 1.0 for gap in gaps)
    convert_and_check(switch, space, found)
    refuse(switch, calls.boris, calls.west)


def check_left(switch: SwitchProcess, calls: Fifty, killed_s: float, copy: Path) -> None:
    """What the killed ones left is whole, and misses at most the last second."""
    left = {path: (switch.directory / "var" / path).read_bytes() for path in calls.files}
    for path, octets in left.items():
        copy.write_bytes(octets)
        assert soundfile.info(copy).duration > killed_s - calls.files[path] - 1.0
        check_heard(copy, calls.began_s - calls.files[path], killed_s - 1.0 - calls.files[path])


def convert_and_check(switch: SwitchProcess, space: Namespace, found: list[dict[str, Any]]) -> None:
    """Kill the converter again and again: each recording is whole in one form or the other."""
    seconds = {one["recording"]: one["seconds"] for one in found}
    chance = random.Random()
    var = switch.directory / "var"
    archive = RecordingArchive(var)
    for _ in range(3):
        convert(switch, "opus", space, chance.uniform(0.05, 0.4))
        for one in archive.listed():
            assert soundfile.info(archive.file_of(one)).duration == pytest.approx(seconds[one.recording], abs=0.1)
    convert(switch, "opus", space, None)
    assert len(archive.listed()) == CALLS
    for one in archive.listed():
        path = archive.file_of(one)
        assert path.suffix == ".opus"
        assert soundfile.info(path).duration == pytest.approx(seconds[one.recording], abs=0.1)
    left = {path.suffix for path in (var / found[0]["path"]).parent.iterdir()}
    assert left == {".opus", ".json"}


def refuse(switch: SwitchProcess, phones: SippPhone, west: SippPhone) -> None:
    """Where nothing can be written any more, a call that must be recorded is ended."""
    folder = switch.directory / "var" / "recordings"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)], check=True)
    try:
        running = [phones.starts("answer.xml"), west.starts("trunk_until_bye.xml", dial="5102")]
        for one in running:
            assert one.finished().successful == 1
        until(switch, RecordingFailed, 1)
        switch.until_at_rest()
        assert switch.call_of("84950000001")["end_reason"] == "recording-failed"
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
