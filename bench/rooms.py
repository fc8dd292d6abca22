"""Rooms and conversion through one media worker, beside a C program that does the least that a relay can do.

Both get the same packets from the same generator, in turns (:mod:`bench.paired`). A figure is the CPU for one packet
that came and one that went, and its ratio to the C program's.

usage: python -m bench.rooms [--runs 5] [--slices 3] [--only NAME]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.paired import SLICE_S, SLICE_SETTLING_S, Contender, compared, in_turns
from bench.relay import Load, baseline, compile_c, load, worker
from softswitch.media.engine import Format

PCMU = Format("PCMU", 8000, 1, 0, 0)
PCMA = Format("PCMA", 8000, 1, 0, 0)
G722 = Format("G722", 8000, 1, 0, 0)
"""All three with the number that the generator writes."""


@dataclass(frozen=True)
class Case:
    """What a worker is asked for."""

    legs: int
    people: int
    formats: tuple[Format, ...]
    at_most: float
    """The ratio to the C program that is aimed at; 0 for none."""


CASES = {
    "three": Case(999, 3, (PCMU,), 2.3),
    "hundred": Case(1000, 100, (PCMU,), 2.1),
    "pcma": Case(1000, 2, (PCMU, PCMA), 0),
    "g722": Case(500, 2, (PCMU, G722), 6.5),
}


_OF_PACKETS = frozenset({"lost", "delay_mean_ms", "delay_p50_ms", "delay_p99_ms", "delay_max_ms"})
"""What means nothing here: a room sends sound made anew, by its own clock and a little beyond the last packet's end."""


def measure(generator: Path, relay: Path, case: Case, slices: int) -> dict[str, float]:
    """Send to rooms of one worker, and through the C program, in turns."""
    wanted = Load(case.legs, SLICE_S, 1000, 100, SLICE_SETTLING_S)
    with (
        worker(case.legs, "", people=case.people, formats=case.formats) as running,
        baseline(relay, case.legs) as (pid, ports),
    ):
        contenders = {
            "rooms": Contender(
                running.process.pid, lambda: load(generator, wanted, running.ports, running.process.pid, blind=True)
            ),
            "c": Contender(pid, lambda: load(generator, wanted, ports, pid)),
        }
        figures = compared(in_turns(slices, contenders), "rooms", "c")
    return {key: value for key, value in figures.items() if key not in _OF_PACKETS}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Rooms and conversion through one media worker.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slices", type=int, default=3, help="of each run and program")
    parser.add_argument("--only", choices=CASES)
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and JSON."""
    given = arguments()
    chosen = {name: case for name, case in CASES.items() if given.only in (None, name)}
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        relay = compile_c("c_relay", Path(folder))
        figures = interleaved(
            given.runs,
            {name: partial(measure, generator, relay, case, given.slices) for name, case in chosen.items()},
        )
    print(f"{'':10}{'legs':>8}{'us':>10}{'C':>8}{'ratio':>8}{'aim':>8}   (medians of {given.runs})")
    for name, case in chosen.items():
        found = {key: value["median"] for key, value in figures[name].items()}
        aim = f"{case.at_most:.1f}" if case.at_most else "-"
        print(
            f"{name:10}{case.legs:8}{found['us_per_packet']:10.2f}{found['c_us_per_packet']:8.2f}{found['ratio']:8.2f}"
            f"{aim:>8}"
        )
    report("rooms", figures)


if __name__ == "__main__":
    main()
