"""Several switches at once that carry the same calls in turns, so that what moves the machine's speed moves all alike.

A switch that is measured after another one meets another machine: its speed changes by half within seconds. So all run
at the same time, each with its own SIPp in an address range of its own, and some hundred calls go through one after the
other, again and again; what counts is the ratio of neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

RATE: Final = 150
"""Calls a second, unless told otherwise."""
_TURN_S: Final = 2
_READY: Final = "ready"


class Contender:
    """A switch of its own that carries calls when it is asked.

    Args:
        program: the command of its switch.
        net: the first three octets of the addresses that it and its phones have, with a dot behind them.
        rate: calls a second.
    """

    def __init__(self, program: Sequence[str], net: str, rate: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.call_turns", "--rate", str(rate), *program],
            env={**os.environ, "BENCH_NET": net},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said(_READY)

    def turn(self) -> dict[str, float]:
        """Have the calls carried; return what :func:`bench.call_setup.calls` measured."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        figures: dict[str, float] = json.loads(self._said("{"))
        return figures

    def _said(self, begin: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(begin):
                return line
        raise RuntimeError(f"a switch that is compared has ended with {self._process.wait()}")

    def close(self) -> None:
        """Stop its switch."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def contenders(programs: Mapping[str, Sequence[str]], rate: int = RATE) -> Iterator[dict[str, Contender]]:
    """Start a switch of each program, for so many calls a second."""
    with ExitStack() as stack:
        started = {}
        for number, (name, program) in enumerate(programs.items(), 61):
            started[name] = Contender(program, f"127.0.{number}.", rate)
            stack.callback(started[name].close)
        yield started


def compared(turns: int, programs: Mapping[str, Sequence[str]], rate: int = RATE) -> dict[str, Any]:
    """Let two switches carry calls in turns, so many a second.

    Returns:
        The median figures of each by its name, and how much dearer the first is than the second in percent:
        by all its calls together, and in the middle one of the turns.
    """
    ours, theirs = programs
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    with contenders(programs, rate) as started:
        for number in range(turns):
            for name in (ours, theirs) if number % 2 else (theirs, ours):
                figures = started[name].turn()
                taken[name].append(figures)
                print(f"turn {number + 1}/{turns} {name}: {figures['ms_a_call']:.2f} ms", file=sys.stderr, flush=True)
    costs = {name: [each["ms_a_call"] for each in rows] for name, rows in taken.items()}
    ratios = [first / second for first, second in zip(costs[ours], costs[theirs], strict=True)]
    return {
        **{
            name: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
            | {key: sum(row[key] for row in rows) for key in ("failed", "retransmissions")}
            for name, rows in taken.items()
        },
        "dearer_percent": 100 * (sum(costs[ours]) / sum(costs[theirs]) - 1),
        "dearer_percent_in_the_middle_turn": 100 * (statistics.median(ratios) - 1),
    }


def main() -> None:
    """Run one switch, and carry calls for each line that comes."""
    from bench.call_setup import calls
    from bench.sip_load import called_phone, running_switch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=RATE)
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    with running_switch(tuple(options.program)) as (directory, pids), called_phone(directory):
        calls(directory, pids, count=_TURN_S * RATE, rate=100, challenged=False)
        print(_READY, flush=True)
        for _ in sys.stdin:
            figures = calls(directory, pids, count=_TURN_S * options.rate, rate=options.rate, challenged=False)
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
