"""Rooms and conversion through one media worker, beside a C program that does the least that a relay can do.

Both get the same packets from the same generator, in turns within the same minute. A figure is the CPU for
one packet that came and one that went, and its ratio to the C program's.

usage: python -m bench.rooms [--seconds 6] [--runs 5] [--only NAME]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.relay import Load, compile_c, load, measure_baseline, worker
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


def measure(generator: Path, case: Case, wanted: Load) -> dict[str, float]:
    """Send to rooms of one worker."""
    with worker(case.legs, "", people=case.people, formats=case.formats) as running:
        figures = load(generator, wanted, running.ports, running.process.pid, blind=True)
    return {key: value for key, value in figures.items() if not key.startswith("delay")}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Rooms and conversion through one media worker.")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=CASES)
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and JSON."""
    given = arguments()
    chosen = {name: case for name, case in CASES.items() if given.only in (None, name)}
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        relay = compile_c("c_relay", Path(folder))
        measures: dict[str, Callable[[], dict[str, float]]] = {}
        for name, case in chosen.items():
            wanted = Load(case.legs, given.seconds, 1000, 100)
            measures[name] = partial(measure, generator, case, wanted)
            measures[f"c_{case.legs}"] = partial(measure_baseline, relay, generator, wanted)
        figures = interleaved(given.runs, measures)
    ratios = {}
    print(f"{'':10}{'legs':>8}{'us':>10}{'C':>8}{'ratio':>8}{'aim':>8}{'lost':>8}   (medians of {given.runs})")
    for name, case in chosen.items():
        ours = figures[name]["us_per_packet"]["median"]
        theirs = figures[f"c_{case.legs}"]["us_per_packet"]["median"]
        ratios[name] = ours / theirs
        lost = figures[name]["lost"]["median"]
        aim = f"{case.at_most:.1f}" if case.at_most else "-"
        print(f"{name:10}{case.legs:8}{ours:10.2f}{theirs:8.2f}{ratios[name]:8.2f}{aim:>8}{lost:8.0f}")
    report("rooms", {"ratios": ratios, **figures})


if __name__ == "__main__":
    main()
