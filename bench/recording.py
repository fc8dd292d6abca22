"""Recording both sides of relayed calls, beside plain relay and beside a C program that only relays.

All get the same packets from the same generator, in turns within the same minute. Counted are the CPU seconds of the
worker and of its recorder together; the recorder decodes, lays out and writes two-channel WAV files.

usage: python -m bench.recording [--legs 1000] [--seconds 8] [--runs 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.measuring import interleaved, report
from bench.relay import Load, Worker, busy_seconds, compile_c, load, measure_baseline, measure_worker, worker
from softswitch.media.engine import Recording, RecordingEnded


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


def measure_recording(generator: Path, wanted: Load, folder: Path) -> dict[str, float]:
    """Relay and record."""
    with worker(wanted.legs, "") as running, tempfile.TemporaryDirectory(dir=folder) as files:
        record_all(running, wanted.legs, Path(files))
        recorder = recorder_of(running.process.pid)
        time.sleep(1.0)
        before, began = busy_seconds(recorder), time.monotonic()
        figures = load(generator, wanted, running.ports, running.process.pid)
        recorder_share = (busy_seconds(recorder) - before) / (time.monotonic() - began)
        ended_us = int(1e6 * time.monotonic())
        for call in range(wanted.legs // 2):
            running.engine.end_recording(f"{call}-01", ended_us)
        running.engine.flush()
        running.wait_for(RecordingEnded, wanted.legs // 2)
        octets = sum(path.stat().st_size for path in Path(files).iterdir())
    packets_each_second = 50 * wanted.legs
    return {
        **figures,
        "recorder_core_percent": 100 * recorder_share,
        "recorder_us_per_packet": 1e6 * recorder_share / packets_each_second,
        "both_us_per_packet": figures["us_per_packet"] + 1e6 * recorder_share / packets_each_second,
        "megabytes": octets / 1e6,
    }


def main() -> None:
    """Measure, print a table and JSON."""
    parser = argparse.ArgumentParser(description="Recording both sides of relayed calls.")
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    wanted = Load(given.legs, given.seconds, 1000, 100)
    with tempfile.TemporaryDirectory() as made:
        generator, relay = compile_c("c_generator", Path(made)), compile_c("c_relay", Path(made))
        figures = interleaved(
            given.runs,
            {
                "recording": lambda: measure_recording(generator, wanted, given.folder),
                "relay": lambda: measure_worker(generator, wanted, ""),
                "c_baseline": lambda: measure_baseline(relay, generator, wanted),
            },
        )
    both = figures["recording"]["both_us_per_packet"]["median"]
    ratio = both / figures["c_baseline"]["us_per_packet"]["median"]
    print(f"{'':24}{'recording':>12}{'relay':>12}{'C':>12}   (medians of {given.runs}, {given.legs} legs)")
    for key in figures["recording"]:
        cells = (
            figures[name].get(key, {}).get("median", float("nan")) for name in ("recording", "relay", "c_baseline")
        )
        print(f"{key:24}" + "".join(f"{cell:12.2f}" for cell in cells))
    print(f"{'both over C':24}{ratio:12.2f}{'(at most 2.1)':>16}")
    print(f"{'both over relay':24}{both / figures['relay']['us_per_packet']['median']:12.2f}")
    report("recording", {"ratio": ratio, "legs": given.legs, **figures})


if __name__ == "__main__":
    main()
