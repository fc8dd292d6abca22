"""A hundred recorded calls on a disk that is well, one that is full and one that is slow: what the sound suffers.

The delay that the worker adds to each packet and its latest tick must be the same on all three. The full disk is a
small file system in memory (mounting it wants root); the slow one takes five milliseconds longer for each write.

usage: python -m bench.slow_disk [--calls 100] [--seconds 5] [--runs 3]
"""

from __future__ import annotations

import argparse
import select
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.recording import record_all
from bench.relay import Load, compile_c, load, worker
from softswitch.media.engine import RecordingEnded, RecordingTrouble

SLOW_US = 5000
FULL = "size=2m"
"""Full after half a second of a hundred calls."""
SHARED = ("-shared", "-fPIC", "-ldl")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system that is soon full."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", FULL, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def sound_disk(folder: Path) -> Iterator[Path]:
    """Use what is there."""
    yield folder


def measure(generator: Path, wanted: Load, disk: str, environment: Mapping[str, str]) -> dict[str, float]:
    """Relay and record all calls."""
    with (
        tempfile.TemporaryDirectory() as made,
        (small_disk if disk == "full" else sound_disk)(Path(made)) as folder,
        worker(wanted.legs, "", environment=environment) as running,
    ):
        record_all(running, wanted.legs, folder)
        figures = load(generator, wanted, running.ports, running.process.pid)
        while select.select([running.socket], [], [], 0)[0]:
            running.engine.readable(0)
        health = running.engine.health()[0]
        ended_us = int(1e6 * time.monotonic())
        for call in range(wanted.legs // 2):
            running.engine.end_recording(f"{call}-01", ended_us)
        running.engine.flush()
        running.wait_for(RecordingEnded, wanted.legs // 2)
        ending_s = time.monotonic() - ended_us / 1e6
        told = Counter(type(event) for event in running.events)
    return {
        **figures,
        "late_tick_ms": health.late_ms,
        "missed_ticks": health.missed_ticks,
        "troubles": told[RecordingTrouble],
        "ending_s": ending_s,
    }


def main() -> None:
    """Measure, print a table and JSON."""
    parser = argparse.ArgumentParser(description="A hundred recorded calls on a full and a slow disk.")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    wanted = Load(2 * given.calls, given.seconds, 1000, 100)
    with tempfile.TemporaryDirectory() as made:
        generator = compile_c("c_generator", Path(made))
        slow = {"LD_PRELOAD": str(compile_c("c_slow_disk", Path(made), *SHARED)), "SLOW_US": str(SLOW_US)}
        disks: dict[str, Mapping[str, str]] = {"well": {}, "full": {}, "slow": slow}
        measures = {disk: partial(measure, generator, wanted, disk, more) for disk, more in disks.items()}
        figures = interleaved(given.runs, measures)
    print(f"{'':16}" + "".join(f"{disk:>12}" for disk in disks) + f"   (medians of {given.runs}, {given.calls} calls)")
    for key in figures["well"]:
        print(f"{key:16}" + "".join(f"{figures[disk][key]['median']:12.2f}" for disk in disks))
    report("slow_disk", figures)


if __name__ == "__main__":
    main()
