"""What the benchmarks share: CPU seconds of processes, medians of interleaved runs, the machine in a few words."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.awake import VARIABLE as AWAKE
from softswitch.media.loops.found import find_loops


def cpu_by_process(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU seconds, user and system, that each of these processes has used so far, by its role."""
    return {role: _cpu_seconds(pid) for role, pid in pids.items()}


def _cpu_seconds(pid: int) -> float:
    """Add up the threads' run times, which the scheduler counts in nanoseconds.

    The ticks of ``/proc/PID/stat`` are samples of the kernel's timer, and mistake what itself wakes by a timer.
    """
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def interleaved(runs: int, measures: Mapping[str, Callable[[], dict[str, float]]]) -> dict[str, dict[str, Any]]:
    """Run each measure in turn, ``runs`` times; return the median, minimum and maximum of each figure."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
    for number in range(runs):
        for name, measure in measures.items():
            figures = measure()
            taken[name].append(figures)
            shown = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
            print(f"run {number + 1}/{runs} {name}: {shown}", file=sys.stderr, flush=True)
    return {
        name: {
            key: {
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
            }
            for key in rows[0]
            for values in [[row[key] for row in rows]]
        }
        for name, rows in taken.items()
    }


def machine() -> dict[str, str]:
    """Describe the machine without naming it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cpu": model,
        "cores": f"{os.cpu_count()}{', kept awake' if AWAKE in os.environ else ''}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit,
        "loops": find_loops().why_not or "compiled",
    }


def report(name: str, figures: Mapping[str, Any]) -> None:
    """Print the figures as one JSON document and keep them in ``bench/results``."""
    document = {"benchmark": name, "machine": machine(), "figures": figures}
    text = json.dumps(document, indent=2)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.json").write_text(text + "\n")
    print(text)
