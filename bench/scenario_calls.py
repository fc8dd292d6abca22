"""How many calls a second ``softswitch scenario test`` makes, in virtual time on one core.

Usage: python -m bench.scenario_calls [--calls N] [--runs N] [--only ivr|phones|examples] [--profile [ORDER]]

``ivr``: a caller hears a welcome and a menu, presses a key, hears that nobody is there, and the call ends; no phone.
``phones``: a menu three levels deep, two phones ring, one of them talks. ``examples``: all tests under ``scenarios/``.
Each call is a test of its own, in a world of its own, as users run them.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.measuring import report
from softswitch.directory.site import Site
from softswitch.simulation.scenario_script import Action, Case, read_cases
from softswitch.simulation.scenario_test import load_site, run_case

_EXAMPLES: Final = Path(__file__).parents[1] / "scenarios"
_MONDAY_S: Final = 1795424400.0
"""A Monday morning."""

Played = tuple[Case, Site]


def _case(folder: str, phones: tuple[str, ...], *lines: tuple[str, str]) -> Played:
    actions = [Action("call", "", {"from": "+79161112233"}, 0), *(Action(kind, value, {}, 0) for kind, value in lines)]
    return Case("bench", "main", folder, 0, _MONDAY_S, phones, tuple(actions)), load_site(_EXAMPLES / folder)


def _ivr() -> list[Played]:
    heard = ("hear", "welcome.ogg"), ("hear", "menu.ogg"), ("press", "1"), ("hear", "sorry.ogg"), ("ended", "")
    return [_case("small-office", (), *heard)]


def _phones() -> list[Played]:
    asked = ("press", "1"), ("hear", "ru/departments.ogg"), ("press", "1"), ("hear", "ru/sales.ogg"), ("press", "1")
    rung = ("rings", "ivan"), ("rings", "lena"), ("answer", "lena"), ("talks", "lena"), ("silent", "ivan")
    return [_case("two-level-ivr", ("ivan", "lena"), *asked, *rung, ("hang_up", "lena"), ("ended", ""))]


def _examples() -> list[Played]:
    files = sorted(_EXAMPLES.glob("*/scenarios/*.tests.yaml"))
    return [(case, load_site(file.parents[1])) for file in files for case in read_cases(file)]


SCENES: Final = {"ivr": _ivr, "phones": _phones, "examples": _examples}


def play(played: Sequence[Played], calls: int) -> None:
    """Run that many tests, in turn.

    Raises:
        RuntimeError: one did not go as expected.
    """
    for number in range(calls):
        case, site = played[number % len(played)]
        result = run_case(case, site)
        if result.problem:
            raise RuntimeError(result.problem)


def calls_a_second(played: Sequence[Played], calls: int) -> tuple[float, float]:
    """Return how many were made a second of processor time, and of wall time."""
    gc.collect()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    play(played, calls)
    return calls / (time.process_time() - cpu_s), calls / (time.perf_counter() - wall_s)


def function_calls(played: Sequence[Played], calls: int) -> float:
    """Return how many functions are called for a test, Python's and the interpreter's own."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        play(played, calls)
    finally:
        sys.setprofile(None)
    return count / calls


def measured(played: Sequence[Played], calls: int, runs: int) -> dict[str, float]:
    """Return the figures of one kind."""
    play(played, len(played))  # what is loaded for the first of them is none of the others' cost
    rates = [calls_a_second(played, calls) for _ in range(runs)]
    return {
        "a_second_of_cpu_median": round(median(cpu for cpu, _ in rates), 1),
        "a_second_of_cpu_most": round(max(cpu for cpu, _ in rates), 1),
        "a_second_of_wall_median": round(median(wall for _, wall in rates), 1),
        "a_second_of_wall_most": round(max(wall for _, wall in rates), 1),
        "function_calls": round(function_calls(played, 2 * len(played))),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=250)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=SCENES)
    parser.add_argument("--profile", nargs="?", const="tottime", default="", help="print the profiler's list instead")
    options = parser.parse_args()
    names = [options.only] if options.only else list(SCENES)
    if options.profile:
        for name in names:
            played, profile = SCENES[name](), cProfile.Profile()
            play(played, len(played))
            profile.runcall(play, played, options.calls)
            pstats.Stats(profile).sort_stats(options.profile).print_stats(90)
        return
    report("scenario_calls", {name: measured(SCENES[name](), options.calls, options.runs) for name in names})


if __name__ == "__main__":
    main()
