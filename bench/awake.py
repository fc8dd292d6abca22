"""Measure while no core falls asleep: of each, a process that gives way to everything else takes what is left.

A core that has nothing to do is taken back by a virtual machine's host, or put to rest by the processor, and wakes with
empty caches. A switch at a fifth of its load sleeps and wakes a thousand times a second; what that costs depends on the
machine, and is left out so.

Usage: python -m bench.awake NAME [ARGUMENT ...]     for example: python -m bench.awake call_setup --runs 5
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import Process
from typing import Final

VARIABLE: Final = "BENCH_AWAKE"
"""Set for the benchmark, which reports it among the machine's properties."""


@contextmanager
def awake() -> Iterator[None]:
    """Keep every core that this process may use busy, at the lowest priority that there is."""
    cores = sorted(os.sched_getaffinity(0))
    spinners = [Process(target=_take_what_is_left, args=(core, os.getpid()), daemon=True) for core in cores]
    for spinner in spinners:
        spinner.start()
    os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        for spinner in spinners:
            spinner.kill()
            spinner.join()


def _take_what_is_left(core: int, parent: int) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while os.getppid() == parent:  # nobody else is left to end it where the benchmark was killed
        for _ in range(100_000):
            pass


def main() -> None:
    """Run a benchmark by its name, as ``python -m bench.NAME`` would."""
    if len(sys.argv) < 2 or sys.argv[1] in {"-h", "--help"}:
        sys.exit(__doc__)
    name = f"bench.{sys.argv[1].removeprefix('bench.')}"
    if find_spec(name) is None:
        sys.exit(f"bench.awake: there is no benchmark {sys.argv[1]!r}; they are the files of the folder bench")
    sys.argv = sys.argv[1:]
    with awake():
        runpy.run_module(name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
