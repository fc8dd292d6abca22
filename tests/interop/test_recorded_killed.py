"""Fifty recorded calls while everything that has to do with recordings is killed, and a disk that is full."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.api.recordings_view import RecordingView
from softswitch.app.recording_archive import RecordingArchive
from softswitch.calls import facts
from softswitch.calls.recording.facts import RecordingFailed, RecordingStarted
from tests.integration.media.recording import level_of, read
from tests.interop.peers.namespace import Namespace
from tests.interop.peers.sipp import SippPhone
from tests.interop.peers.switch import SwitchProcess
from tests.interop.test_disk_trouble import fill
from tests.interop.test_killed import SWITCH, Crowd, endpoints, waited_s
from tests.interop.test_worker_killed import journal, until_told, wall_now
from tests.waiting import until

pytestmark = pytest.mark.network

CALLS = 50
RATE_HZ = 8000
TALK_MS = 300_000
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
from softswitch.api.recordings_view import RecordingView
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
    """A switch whose recordings lie on a disk of their own."""
    recordings = tmp_path / "switch" / "var" / "recordings"
    recordings.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(recordings)], check=True)
    try:
        found = SwitchProcess(space, tmp_path / "switch", site=SITE, more=MORE)
        try:
            yield found
        finally:
            code = found.close()
    finally:
        subprocess.run(["umount", "--lazy", str(recordings)], check=True)
    assert code == 0
    assert "Traceback" not in found.log()


def recordings(switch: SwitchProcess, count: int) -> list[RecordingView]:
    """Return the recordings once there are so many and all are whole."""
    archive = RecordingArchive(switch.directory / "var")

    def whole() -> list[RecordingView]:
        found = archive.listed(limit=1000)
        return found if len(found) == count and all(one.seconds for one in found) else []

    return until(whole, lambda: archive.listed(limit=1000))


def until_loud(switch: SwitchProcess, files: Iterable[str]) -> float:
    """Wait until the last half second of each file is loud on both sides; return when that is, in wall time."""
    paths = [switch.directory / "var" / path for path in files]
    until(lambda: all(map(is_loud, paths)), lambda: [is_loud(path) for path in paths], pause_s=0.1)
    return wall_now()


def is_loud(path: Path) -> bool:
    if not path.exists():
        return False
    tail = np.frombuffer(path.read_bytes()[44:], "<i2").reshape(-1, 2)[-RATE_HZ // 2 :]
    return len(tail) > RATE_HZ // 4 and bool((np.abs(tail.astype(np.int32)).mean(axis=0) > 2000).all())


class Killed:
    """Brain, worker and recorder, killed in one moment."""

    def __init__(self, switch: SwitchProcess, lived_s: float) -> None:
        pids = {each["role"]: int(each["pid"]) for each in switch.status()["processes"]}
        worker = pids["worker"]
        (recorder,) = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        before = waited_s(int(recorder))
        time.sleep(lived_s)
        for pid in (pids["brain"], worker, int(recorder)):
            os.kill(pid, signal.SIGKILL)
        self.at_s = wall_now()
        self.others_s = waited_s(int(recorder)) - before
        """For how long of the last moments others had the processors while the recorder could have run."""


def check_heard(path: Path, from_s: float, to_s: float) -> None:
    """Each side is heard on its side, and it alone, in most tenths of a second.

    A crowd on a busy machine speaks late; where a stream is moved after that, its tone has a seam.
    """
    rate, samples = read(path)
    size = rate // 10
    part = samples[int(from_s * rate) : max(int(to_s * rate), int(from_s * rate) + size)]
    assert len(samples) >= int(to_s * rate), (path, len(samples) / rate)
    pieces = part[: len(part) // size * size].reshape(-1, size, 2)
    for channel, own, other in ((0, CALLER_HZ, CALLEE_HZ), (1, CALLEE_HZ, CALLER_HZ)):
        levels = np.array([[level_of(piece[:, channel], rate, tone) for tone in (own, other)] for piece in pieces])
        assert (levels[:, 0] > 4000).mean() > 0.3, (path, channel, from_s, levels.round())
        assert (levels[:, 1] < 1000).mean() > 0.7, (path, channel, from_s, levels.round())


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
        until_told(switch, facts.LegAcknowledged, CALLS)
        lines = endpoints(switch)
        spoken = [[*line, (CALLER_HZ, CALLEE_HZ)[number % 2]] for number, line in enumerate(lines)]
        self._crowd = Crowd(space, spoken)
        stack.callback(self._crowd.close)
        numbers = {line[3]: number for number, line in enumerate(lines)}
        records = journal(switch)
        self._legs = {r.fact.leg: numbers[r.fact.port] for r in records if isinstance(r.fact, facts.LegMediaOpened)}
        self.files = {r.fact.files[0][1]: r.wall_s for r in records if isinstance(r.fact, RecordingStarted)}
        """When each file begins, in wall time."""

    def follow(self) -> None:
        """Let the crowd speak to where the switch has moved the legs."""
        moved = until_told(self._switch, facts.LegReinvited, CALLS)
        opened = {r.fact.leg: r.fact.port for r in journal(self._switch) if isinstance(r.fact, facts.LegMediaOpened)}
        self._crowd.move([(self._legs[r.fact.leg], SWITCH[0], opened[r.fact.leg]) for r in moved])
        until_told(self._switch, facts.LegReinviteAnswered, CALLS)

    def end(self) -> None:
        """Let the switch end the calls."""
        self._switch.until_ready_again()
        for conversation in {leg.partition(".")[0] for leg in self._legs}:
            self._switch.ask("POST", f"legs/{conversation}.1/hangup")
        for one in self._running:
            counts = one.finished()
            assert (counts.successful, counts.failed) == (CALLS, 0)
        assert min(each["heard_since_moved"] for each in self._crowd.heard()) > 20
        self._switch.until_at_rest()


def test_fifty_recordings_survive_the_death_of_brain_worker_recorder_and_converter(
    switch: SwitchProcess, space: Namespace, stack: ExitStack, tmp_path: Path
) -> None:
    calls = Fifty(switch, space, stack, tmp_path)
    assert len(calls.files) == CALLS
    loud_s = until_loud(switch, calls.files)
    killed = Killed(switch, lived_s=2.5)
    kept_until_s = killed.at_s - killed.others_s - 1.0
    check_left(switch, calls, loud_s, kept_until_s, tmp_path / "left.wav")
    calls.follow()
    loud_again_s = until_loud(switch, calls.files)
    time.sleep(3.5)
    calls.end()
    found = recordings(switch, CALLS)
    assert {one.path for one in found} == calls.files.keys()
    for one in found:
        path, began_s = switch.directory / "var" / one.path, calls.files[one.path]
        check_heard(path, loud_s - began_s, kept_until_s - began_s)
        check_heard(path, loud_again_s - began_s, loud_again_s - began_s + 3.0)
        (interval,) = json.loads((path.parent / f"{one.conversation_id}.json").read_text())["intervals"]
        gaps = [gap for gap in interval["gaps"] if gap["why"] == "interrupted"]
        assert {gap["channel"] for gap in gaps} == {"left", "right"}
        assert all(gap["from_s"] > kept_until_s - began_s for gap in gaps)
    convert_and_check(switch, space, found)
    refuse(switch, calls.boris, calls.west)


def check_left(switch: SwitchProcess, calls: Fifty, loud_s: float, until_s: float, copy: Path) -> None:
    """What the killed ones left is whole, and misses at most the last second."""
    left = {path: (switch.directory / "var" / path).read_bytes() for path in calls.files}
    for path, octets in left.items():
        copy.write_bytes(octets)
        assert soundfile.info(copy).duration > until_s - calls.files[path]
        check_heard(copy, loud_s - calls.files[path], until_s - calls.files[path])


def convert_and_check(switch: SwitchProcess, space: Namespace, found: list[RecordingView]) -> None:
    """Kill the converter again and again: each recording is whole in one form or the other."""
    seconds = {one.recording: one.seconds for one in found}
    chance = random.Random()
    var = switch.directory / "var"
    archive = RecordingArchive(var)
    for _ in range(3):
        convert(switch, "flac", space, chance.uniform(0.05, 0.4))
        for one in archive.listed():
            assert soundfile.info(archive.file_of(one)).duration == pytest.approx(seconds[one.recording], abs=0.1)
    convert(switch, "flac", space, None)
    assert len(archive.listed()) == CALLS
    for one in archive.listed():
        path = archive.file_of(one)
        assert path.suffix == ".flac"
        assert soundfile.info(path).duration == pytest.approx(seconds[one.recording], abs=0.1)
    left = {path.suffix for path in (var / found[0].path).parent.iterdir()}
    assert left == {".flac", ".json"}


def refuse(switch: SwitchProcess, phones: SippPhone, west: SippPhone) -> None:
    """Where the disk is full, a call that must be recorded is ended."""
    ballast = fill(switch.directory / "var" / "recordings")
    before = len(switch.records("conversations"))
    running = [phones.starts("answer.xml"), west.starts("trunk_until_bye.xml", dial="5102")]
    for one in running:
        assert one.finished().successful == 1
    until_told(switch, RecordingFailed, 1)
    switch.until_at_rest()
    assert len(switch.records("conversations")) > before
    assert switch.call_of("84950000001")["end_reason"] == "recording-failed"
    ballast.unlink()
