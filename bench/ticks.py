"""How punctual a media worker's ticks are while it is busy, and while a stranger floods a port.

The worker relays as many legs as fill a part of a core, 60 % unless it is said otherwise. It counts its ticks by how
late they begin; the figure is the share of ticks that began at most 5 ms late, of which 99.9 % is wanted, and the step
below which 99.9 % of them began. The machine's steal time is printed; a run in which it was above 1 % is repeated.

usage: python -m bench.ticks [--seconds 100] [--runs 5] [--load 60] [--flood]
"""

from __future__ import annotations

import argparse
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from pathlib import Path

from bench.measuring import report
from bench.relay import SWITCH, Load, Worker, compile_c, load, worker
from softswitch.media.worker_health import LATENESS_STEPS_MS

LATE_MS = 5.0
MOST_STEAL = 0.01
FLOOD_ADDRESS = "127.0.48.9"
FLOOD = """
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 0))
print("ready", flush=True)
packet, sent, begun = bytes([0x80, 0]) + bytes(170), 0, time.monotonic()
while True:
    sock.sendto(packet, (sys.argv[2], int(sys.argv[3])))
    sent += 1
    if sent % 20 == 0:
        time.sleep(max(0.0, begun + sent / 10_000 - time.monotonic()))
"""
"""Ten thousand packets a second to one port."""


def steal() -> tuple[int, int]:
    """Return the machine's ticks that others took, and all ticks, since its start."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return numbers[7], sum(numbers)


def ticks_of(running: Worker) -> tuple[int, ...]:
    """Return the worker's ticks by lateness, as it tells next."""
    running.engine.readable(0)
    before = running.engine.health()[0].ticks
    deadline = time.monotonic() + 12
    while running.engine.health()[0].ticks == before:
        if time.monotonic() > deadline:
            raise SystemExit("the worker tells nothing of its ticks")
        select.select([running.socket], [], [], 0.5)
        running.engine.readable(0)
    return running.engine.health()[0].ticks


@contextmanager
def flood(port: int) -> Iterator[None]:
    """Let a stranger send to a port for the length of a block."""
    command = ["taskset", "-c", "1", sys.executable, "-c", FLOOD, FLOOD_ADDRESS, SWITCH, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        try:
            yield
        finally:
            stranger.kill()


def figures_of(counts: Sequence[int]) -> dict[str, float]:
    """Return what the counts say."""
    total = sum(counts)
    bounds = [*LATENESS_STEPS_MS, 1000.0]
    rising = list(accumulate(counts))
    return {
        "ticks": total,
        "punctual_percent": 100 * rising[bounds.index(LATE_MS)] / total,
        "p50_below_ms": next(bound for bound, count in zip(bounds, rising, strict=True) if count >= 0.5 * total),
        "p99_below_ms": next(bound for bound, count in zip(bounds, rising, strict=True) if count >= 0.99 * total),
        "p999_below_ms": next(bound for bound, count in zip(bounds, rising, strict=True) if count >= 0.999 * total),
    }


def run(generator: Path, legs: int, seconds: float, *, flooded: bool) -> dict[str, float]:
    """Relay for a while."""
    with worker(legs, "") as running:
        before, stolen = ticks_of(running), steal()
        with flood(running.ports[0]) if flooded else nullcontext():
            figures = load(generator, Load(legs, seconds, 1000, 100), running.ports, running.process.pid)
        after, stolen_after = ticks_of(running), steal()
    figures |= figures_of([b - a for a, b in zip(before, after, strict=True)])
    figures["steal_percent"] = 100 * (stolen_after[0] - stolen[0]) / max(1, stolen_after[1] - stolen[1])
    return figures


def calm_run(generator: Path, legs: int, seconds: float, *, flooded: bool) -> dict[str, float]:
    """Do the same, again where others took too much of the machine; after three times the last one counts."""
    for _ in range(3):
        figures = run(generator, legs, seconds, flooded=flooded)
        shown = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
        print(f"{legs} legs{', flooded' * flooded}: {shown}", file=sys.stderr, flush=True)
        if figures["steal_percent"] <= 100 * MOST_STEAL:
            break
    return figures


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="How punctual ticks are.")
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--load", type=float, default=60, help="per cent of a core")
    parser.add_argument("--flood", action="store_true", help="measure a flooded port beside a quiet worker")
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and JSON."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        tried = run(generator, 1000, 5, flooded=False)["core_percent"]
        legs = int(1000 * given.load / tried) // 2 * 2
        kinds = (False, True) if given.flood else (False,)
        taken: dict[bool, list[dict[str, float]]] = {flooded: [] for flooded in kinds}
        for _ in range(given.runs):
            for flooded in kinds:
                taken[flooded].append(calm_run(generator, legs, given.seconds, flooded=flooded))
    medians = {
        "flooded" if flooded else "quiet": {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        for flooded, rows in taken.items()
    }
    print(f"{legs} legs, {given.seconds:g} s, medians of {given.runs}")
    for name, figures in medians.items():
        print(f"{name:8}" + "".join(f" {key}={value:.4g}" for key, value in figures.items()))
    print(f"wanted: 99.9 % of ticks at most {LATE_MS:g} ms late")
    report("ticks", {"legs": legs, **medians})


if __name__ == "__main__":
    main()
