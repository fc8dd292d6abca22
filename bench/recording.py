"""Recording both sides of relayed calls, beside a C program that only relays; and relaying alone.

All get the same packets from the same generator, in turns (:mod:`bench.paired`). Counted are the CPU seconds of the
worker and of its recorder together; the recorder decodes, lays out and writes two-channel WAV files.

usage: python -m bench.recording [--legs 1000] [--runs 5] [--slices 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.paired import SLICE_S, SLICE_SETTLING_S, Contender, compared, in_turns
from bench.relay import Load, Worker, baseline, busy_seconds, compile_c, load, measure_both, worker
from softswitch.media.engine import Recording, RecordingEnded
from softswitch.media.recorder.main import ROUND_S


def record_all(running: Worker, legs: int, folder: Path) -> None:
    """Record every call."""
    began_us = int(1e6 * time.monotonic())
    for call in range(legs // 2):
        sides = ((f"{call}.0",), (f"{call}.1",))
        running.engine.record(Recording(f"{call}-01", str(folder / f"{call}-01.wav"), sides, began_us))
    running.engine.flush()


def recorder_of(pid: int) -> int:
    """Return the pid of a worker's recorder, once it runs."""
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        time.sleep(0.01)
    return int(children[0])


def recorded(generator: Path, wanted: Load, running: Worker, recorder: int) -> dict[str, float]:
    """Relay and record for a while; what the recorder does for it a moment later counts too."""
    before, sent = busy_seconds(recorder), 50 * wanted.legs * (wanted.seconds + wanted.settling_s)
    figures = load(generator, wanted, running.ports, running.process.pid)
    time.sleep(2 * ROUND_S)
    recorder_us = 1e6 * (busy_seconds(recorder) - before) / sent
    return {**figures, "recorder_us_per_packet": recorder_us, "both_us": figures["us_per_packet"] + recorder_us}


def measure(generator: Path, relay: Path, wanted: Load, folder: Path, slices: int) -> dict[str, float]:
    """Relay and record, and relay through the C program, in turns."""
    with (
        worker(wanted.legs, "") as running,
        baseline(relay, wanted.legs) as (pid, ports),
        tempfile.TemporaryDirectory(dir=folder) as files,
    ):
        record_all(running, wanted.legs, Path(files))
        recorder = recorder_of(running.process.pid)
        contenders = {
            "recording": Contender(running.process.pid, lambda: recorded(generator, wanted, running, recorder)),
            "c": Contender(pid, lambda: load(generator, wanted, ports, pid)),
        }
        taken = in_turns(slices, contenders)
        ended_us = int(1e6 * time.monotonic())
        for call in range(wanted.legs // 2):
            running.engine.end_recording(f"{call}-01", ended_us)
        running.engine.flush()
        running.wait_for(RecordingEnded, wanted.legs // 2)
        octets = sum(path.stat().st_size for path in Path(files).iterdir())
    return {**compared(taken, "recording", "c", key="both_us"), "megabytes": octets / 1e6}


def main() -> None:
    """Measure, print a table and JSON."""
    parser = argparse.ArgumentParser(description="Recording both sides of relayed calls.")
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slices", type=int, default=6, help="of each run and program")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    wanted = Load(given.legs, SLICE_S, 1000, 100, SLICE_SETTLING_S)
    with tempfile.TemporaryDirectory() as made:
        generator, relay = compile_c("c_generator", Path(made)), compile_c("c_relay", Path(made))
        figures = interleaved(
            given.runs,
            {
                "recording": partial(measure, generator, relay, wanted, given.folder, given.slices),
                "relay": partial(measure_both, generator, relay, wanted, "", given.slices),
            },
        )
    print(f"{'':24}{'recording':>12}{'relay':>12}   (medians of {given.runs}, {given.legs} legs)")
    for key, found in figures["recording"].items():
        alone = figures["relay"].get(key, {}).get("median", float("nan"))
        aim = "   (at most 2.1)" if key == "ratio" else ""
        print(f"{key:24}{found['median']:12.2f}{alone:12.2f}{aim}")
    report("recording", {"legs": given.legs, **figures})


if __name__ == "__main__":
    main()
