"""Recorders as processes of their own: what is left when one of the processes is killed, and calls over two workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread, get_native_id

import numpy as np
import pytest
import soundfile

from softswitch.media.engine import Hear, Recording, RecordingEnded, RecordingTrouble, WorkerLost
from softswitch_codecs import codec_class
from tests.integration.media.recording import level_of, read
from tests.integration.media.rig import Phone
from tests.integration.media.test_worker_process import Brain, Process, stream
from tests.own_network import own
from tests.waiting import until

pytestmark = pytest.mark.network

CALLS = 12
"""Whose sound is checked."""
AMPLITUDE = 8000.0
RARE = 10
"""Further phones send one packet of so many: what is looked at is whether they are recorded, not how they sound."""


def tone_of(number: int) -> float:
    """Whole periods in a second; the two of a call are far from each other."""
    return 300.0 + 15 * (number * 67 % 200)


class Crowd(Thread):
    """Phones that speak in tones of their own, a packet each 20 ms, until they are told to stop.

    All but the first ones speak rarely, so that a busy machine carries them.
    """

    def __init__(self, phones: Sequence[Phone], to: Sequence[tuple[str, int]]) -> None:
        super().__init__(daemon=True)
        self._over = Event()
        self.heard = 0
        """Packets that all of them got."""
        self._phones, self._to = phones, to
        codec = codec_class("PCMU")
        assert codec is not None
        moments = np.arange(8000) / 8000  # whole periods of all the tones
        sounds = [AMPLITUDE * np.sin(2 * np.pi * tone_of(number) * moments) for number in range(len(phones))]
        encoded = [codec().encode(sound.astype(np.float32)[np.newaxis])[0].reshape(50, 160) for sound in sounds]
        self._payloads = [[packet.tobytes() for packet in of_one] for of_one in encoded]

    def run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, get_native_id(), -10)  # phones are machines of their own
        due, turn = time.monotonic(), 0
        while not self._over.is_set():
            speaking = len(self._phones) if turn % RARE == 0 else 2 * CALLS
            each = zip(self._phones[:speaking], self._to[:speaking], self._payloads[:speaking], strict=True)
            for phone, to, payloads in each:
                phone.send(to, payloads[turn % 50])
                self.heard += len(phone.payloads())
            due, turn = due + 0.02, turn + 1
            time.sleep(max(0.0, due - time.monotonic()))

    def stop(self) -> None:
        self._over.set()
        self.join()


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    made = [Process("", range(24000, 24200)), Process("", range(24200, 24400))]
    yield made
    for each in made:
        each.end()


def recorder_of(process: Process) -> int:
    """Return the pid of a worker's recorder."""
    until(lambda: children(process) != [])
    (pid,) = children(process)
    return pid


def children(process: Process) -> list[int]:
    pid = process.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def begin(brain: Brain, stack: ExitStack, folder: Path, calls: int) -> tuple[Crowd, float]:
    """Let calls begin, and be recorded; return who speaks, and when that was."""
    legs = [f"c{call}.{side}" for call in range(calls) for side in (1, 2)]
    phones = [stack.enter_context(Phone(own("44.2"))) for _ in legs]
    at = brain.open(*legs)
    for leg, phone in zip(legs, phones, strict=True):
        brain.engine.set_stream(leg, stream(phone))
    for call in range(calls):
        one, other = f"c{call}.1", f"c{call}.2"
        brain.engine.set_room(f"c{call}", [Hear(one, (other,)), Hear(other, (one,))])
    brain.engine.flush()
    crowd = Crowd(phones, [at[leg] for leg in legs])
    crowd.start()
    began = time.monotonic()
    for call in range(calls):
        sides = ((f"c{call}.1",), (f"c{call}.2",))
        path = str(folder / f"c{call}-01.wav")
        brain.engine.record(Recording(f"c{call}-01", path, sides, int(1e6 * began)))
    brain.engine.flush()
    return crowd, began


def until_heard(paths: Sequence[Path], seconds: float) -> None:
    """Wait until each file has so many more seconds in which both sides are loud, however late they come."""
    before = [path.stat().st_size for path in paths]

    def loud_s() -> float:
        return min(loud_after(path, size) for path, size in zip(paths, before, strict=True))

    until(lambda: loud_s() >= seconds, lambda: f"{loud_s()} s of {seconds}")


def loud_after(path: Path, size: int) -> float:
    """Return for how many seconds both sides are loud in what a file holds after so many octets."""
    octets = path.read_bytes()[size - size % 4 :]
    samples = np.frombuffer(octets[: len(octets) // 4000 * 4000], "<i2").reshape(-1, 1000, 2)
    return float((np.abs(samples.astype(float)).mean(axis=1) > AMPLITUDE / 4).all(axis=1).sum()) / 8


def assert_heard(path: Path, call: int, from_s: float, to_s: float) -> None:
    """Check that each side is heard, and it alone, between two moments.

    A busy machine sends late, and nothing for a while; where a stream is moved after that, its tone has a seam.
    """
    rate, samples = read(path)
    assert soundfile.info(path).frames == len(samples)
    part = samples[int(from_s * rate) : int(to_s * rate)]
    assert len(part) == int(to_s * rate) - int(from_s * rate), f"{path} has {len(samples) / rate} s"
    for channel in (0, 1):
        own, other = tone_of(2 * call + channel), tone_of(2 * call + 1 - channel)
        pieces = [part[at : at + rate // 4, channel] for at in range(0, len(part) - rate // 4 + 1, rate // 4)]
        levels = np.array([[level_of(piece, rate, tone) for tone in (own, other)] for piece in pieces])
        assert (levels[:, 0] > 0.5 * AMPLITUDE).mean() >= 0.3, (path.name, channel, from_s, levels.round())
        assert (levels[:, 1] < 0.2 * AMPLITUDE).mean() >= 0.9, (path.name, channel, from_s, levels.round())


def test_a_worker_that_is_killed_leaves_whole_files_that_miss_at_most_a_second(
    processes: list[Process], tmp_path: Path
) -> None:
    brain = Brain(processes[0])
    with ExitStack() as stack:
        crowd, began = begin(brain, stack, tmp_path, CALLS)
        recorder = recorder_of(processes[0])
        until(lambda: len(list(tmp_path.glob("*.wav"))) == CALLS)
        until_heard([tmp_path / f"c{call}-01.wav" for call in range(CALLS)], 3.0)
        lasted = time.monotonic() - began
        processes[0].process.send_signal(signal.SIGKILL)
        brain.until(lambda: brain.count(WorkerLost) == 1)
        until(lambda: gone(recorder))
        crowd.stop()
    for call in range(CALLS):
        assert_heard(tmp_path / f"c{call}-01.wav", call, 0.75, lasted - 1.0)
    brain.die()


def test_a_recorder_that_is_killed_is_replaced_and_nothing_is_missing(processes: list[Process], tmp_path: Path) -> None:
    brain = Brain(processes[0])
    with ExitStack() as stack:
        crowd, began = begin(brain, stack, tmp_path, CALLS)
        first = recorder_of(processes[0])
        time.sleep(2.0)
        os.kill(first, signal.SIGKILL)
        until(lambda: children(processes[0]) not in ([], [first]))
        time.sleep(3.0)
        lasted = time.monotonic() - began
        for call in range(CALLS):
            brain.engine.end_recording(f"c{call}-01", int(1e6 * (began + lasted)))
        brain.engine.flush()
        brain.until(lambda: brain.count(RecordingEnded) == CALLS)
        crowd.stop()
    ended = [event for event in brain.events if isinstance(event, RecordingEnded)]
    assert {event.why for event in ended} == {"asked"}
    for call in range(CALLS):
        rate, samples = read(tmp_path / f"c{call}-01.wav")
        assert len(samples) == pytest.approx(lasted * rate, abs=2)
        assert_heard(tmp_path / f"c{call}-01.wav", call, 0.75, lasted - 0.25)
    brain.die()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that is full after a second of a hundred calls; ``mount -o remount`` makes it larger."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


HUNDRED = 100


@pytest.fixture
def large() -> Iterator[Process]:
    """A worker with room for a hundred calls."""
    made = Process("", range(24000, 24600))
    yield made
    made.end()


def test_a_recorder_that_stands_still_and_a_full_disk_keep_none_of_a_hundred_calls_from_its_sound(
    large: Process, small_disk: Path
) -> None:
    brain = Brain(large)
    with ExitStack() as stack:
        crowd, began = begin(brain, stack, small_disk, HUNDRED)
        recorder = recorder_of(large)
        brain.until(lambda: brain.count(RecordingTrouble) >= HUNDRED)
        full_at = time.monotonic() - began
        heard = crowd.heard
        os.kill(recorder, signal.SIGSTOP)
        two_seconds = int(2 * 50 * (CALLS + (HUNDRED - CALLS) / RARE) * 2.0)
        until(lambda: crowd.heard - heard > two_seconds, lambda: "calls do not go on")
        subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
        os.kill(recorder, signal.SIGCONT)
        brain.until(lambda: brain.count(RecordingTrouble) >= 2 * HUNDRED)
        until_heard([small_disk / f"c{call}-01.wav" for call in range(CALLS)], 2.0)
        lasted = time.monotonic() - began
        for call in range(HUNDRED):
            about = {"conversation_id": f"c{call}", "interval": {"number": 1, "file": f"c{call}-01.wav"}}
            brain.engine.end_recording(f"c{call}-01", int(1e6 * (began + lasted)), json.dumps(about))
        brain.engine.flush()
        brain.until(lambda: brain.count(RecordingEnded) == HUNDRED)
        crowd.stop()
    told = [event.what for event in brain.events if isinstance(event, RecordingTrouble)]
    assert sorted(set(told)) == ["", "No space left on device"]
    for call in range(HUNDRED):
        (interval,) = json.loads((small_disk / f"c{call}.json").read_text())["intervals"]
        gaps = [gap for gap in interval["gaps"] if gap["why"] == "No space left on device"]
        assert {gap["channel"] for gap in gaps} == {"left", "right"}
        missing_from, missing_to = gaps[0]["from_s"], max(gap["to_s"] for gap in gaps)
        assert missing_from < full_at + 0.5
        assert missing_to < lasted - 1.0
        if call < CALLS:
            assert_heard(small_disk / f"c{call}-01.wav", call, missing_to + 0.05, lasted - 0.25)
    brain.die()


def test_legs_in_two_workers_are_recorded_into_one_file(processes: list[Process], tmp_path: Path) -> None:
    brain = Brain(processes[0])
    brain.add(1, processes[1])
    path = tmp_path / "c-01.wav"
    with Phone(own("44.2")) as a, Phone(own("44.3")) as b:
        at = brain.open("c.1", "d.1")
        assert at["c.1"][1] < 24200 <= at["d.1"][1]
        brain.engine.set_stream("c.1", stream(a))
        brain.engine.set_stream("d.1", stream(b))
        brain.engine.set_room("c", [Hear("c.1", ("d.1",)), Hear("d.1", ("c.1",))])
        brain.engine.flush()
        crowd = Crowd((a, b), (at["c.1"], at["d.1"]))
        crowd.start()
        began = time.monotonic()
        said = Recording("c-01", str(path), (("c.1",), ("d.1",)), int(1e6 * began))
        brain.engine.record(said)
        brain.engine.flush()
        until(path.exists)
        until_heard([path], 3.0)
        lasted = time.monotonic() - began
        brain.engine.end_recording("c-01", int(1e6 * (began + lasted)))
        brain.engine.flush()
        brain.until(lambda: brain.count(RecordingEnded) == 2)
        crowd.stop()
    rate, samples = read(path)
    assert len(samples) == pytest.approx(lasted * rate, abs=2)
    assert_heard(path, 0, 0.75, lasted - 0.25)
    brain.die()
