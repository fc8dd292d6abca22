"""Measure while no core falls asleep: of each, a process that gives way to everything else takes what is left.

A core that has nothing to do is taken back by a virtual machine's host, or put to rest by the processor. When it wakes
a millisecond later its caches are empty, and the same work takes two to four times as long. A switch at a fifth of its
load, which sleeps and wakes a thousand times a second, then pays mostly for that; a small C program hardly does.

Usage: python -m bench.awake MODULE [ARGUMENT ...]     for example: python -m bench.awake call_setup --runs 5
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "BENCH_AWAKE"
"""Set for the benchmark, which reports it among the machine's properties."""


@contextmanager
def awake() -> Iterator[None]:
    """Keep every core that this process may use busy, at the lowest priority that there is."""
    spinners = [_spinner(core) for core in sorted(os.sched_getaffinity(0))]
    os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        for spinner in spinners:
            os.kill(spinner, signal.SIGKILL)
            os.waitpid(spinner, 0)


def _spinner(core: int) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while os.getppid() == parent:  # nobody else is left to end it where the benchmark was killed
        for _ in range(100_000):
            pass
    os._exit(0)


def main() -> None:
    """Run a benchmark by its name, as ``python -m bench.NAME`` would."""
    if len(sys.argv) < 2 or sys.argv[1] in {"-h", "--help"}:
        sys.exit(__doc__)
    name = f"bench.{sys.argv[1].removeprefix('bench.')}"
    sys.argv = sys.argv[1:]
    with awake():
        runpy.run_module(name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
