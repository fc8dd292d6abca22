"""How many legs one media worker carries, for each of the things that legs do; beside a C relay in the same minutes.

Each case gets more and more legs until packets are lost or the worker says that it is full, or until the generator is
(which is said). Of each step: CPU microseconds for a packet in and one out, how late ticks began, the delay added
where it can be seen, and what was lost. JSON and a plot are left in ``bench/results``.

usage: python -m bench.capacity [--seconds 6] [--most 3000] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import report
from bench.plot import plot
from bench.relay import PCMU as ALL_PCMU
from bench.relay import Load, Worker, compile_c, load, measure_baseline, worker
from bench.rooms import G722, PCMA, PCMU
from bench.ticks import figures_of, ticks_of
from softswitch.media.engine import Format, Playing

STEPS = (100, 200, 500, 1000, 1500, 2000, 2500, 3000)
MOST_LOST = 0.005
FULL_GENERATOR_PERCENT = 92
KEYS = Format("telephone-event", 8000, 1, 101, 101)


@dataclass(frozen=True)
class Case:
    """What legs do."""

    people: int = 2
    talking: int = 0
    """Of each room; 0 for all."""
    formats: tuple[Format, ...] = ALL_PCMU
    music: bool = False
    """They hear music on hold, and keys are listened for in their sound."""

    @property
    def relayed(self) -> bool:
        """Whether what comes back is what was sent."""
        return self.people == 2 and len(self.formats) == 1 and not self.music


CASES = {
    "relay": Case(),
    "PCMU and PCMA": Case(formats=(PCMU, PCMA)),
    "PCMU and G.722": Case(formats=(PCMU, G722)),
    "rooms of 3": Case(3),
    "rooms of 8": Case(8),
    "rooms of 8, 3 talk": Case(8, 3),
    "rooms of 32": Case(32),
    "rooms of 32, 3 talk": Case(32, 3),
    "rooms of 100": Case(100),
    "rooms of 100, 3 talk": Case(100, 3),
    "rooms of 1000": Case(1000),
    "rooms of 1000, 3 talk": Case(1000, 3),
    "music and keys in sound": Case(1, music=True),
}


def measure(generator: Path, case: Case, wanted: Load) -> dict[str, float]:
    """Let so many legs do it."""
    with worker(wanted.legs, "", people=case.people, formats=case.formats) as running:
        if case.music:
            play_music(running)
        before = ticks_of(running)
        talking = (case.people, case.talking or case.people)
        figures = load(generator, wanted, running.ports, running.process.pid, blind=not case.relayed, talking=talking)
        after = ticks_of(running)
        full = running.engine.health()[0].full
    figures |= figures_of([b - a for a, b in zip(before, after, strict=True)]) | {"legs": wanted.legs, "full": full}
    return figures if case.relayed else {key: value for key, value in figures.items() if not key.startswith("delay")}


def play_music(running: Worker) -> None:
    """Let all hear it."""
    for leg in running.engine.open_legs():
        running.engine.play(leg, Playing(1, ("music:",), repeat=True))
    running.engine.flush()


def series(generator: Path, name: str, case: Case, seconds: float, most: int) -> list[dict[str, float]]:
    """Return the figures of more and more legs; the last ones are the first that were not carried as they should be."""
    steps: list[dict[str, float]] = []
    for legs in STEPS:
        rounded = legs - legs % case.people
        if not case.people <= rounded <= most:
            continue
        figures = measure(generator, case, Load(rounded, seconds, 1000, 100))
        steps.append(figures)
        shown = " ".join(f"{key}={value:.4g}" for key, value in figures.items())
        print(f"{name}: {shown}", file=sys.stderr, flush=True)
        if figures["full"] or why_not(figures, seconds):
            break
    return steps


def why_not(figures: Mapping[str, float], seconds: float) -> str:
    """Return why a step was not carried as it should be; empty where it was."""
    if figures["generator_percent"] > FULL_GENERATOR_PERCENT:
        return "the generator is full"
    if figures["lost"] > MOST_LOST * figures["legs"] * 50 * seconds:
        return "packets are lost"
    return "the worker is full" if figures.get("full") else ""


def baseline(relay: Path, generator: Path, seconds: float, most: int) -> list[dict[str, float]]:
    """Return the C program's figures."""
    steps = [legs for legs in STEPS if legs <= min(most, 2000)]
    return [
        measure_baseline(relay, generator, Load(legs, seconds, 1000, 100)) | {"legs": legs, "full": False}
        for legs in steps
    ]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="How many legs one media worker carries.")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--most", type=int, default=3000)
    parser.add_argument("--only", nargs="+", choices=CASES)
    return parser.parse_args()


def table(name: str, steps: Sequence[Mapping[str, float]], seconds: float) -> None:
    """Print a case's steps."""
    for step in steps:
        late = (
            f"{step['p50_below_ms']:g}/{step['p99_below_ms']:g}/{step['p999_below_ms']:g}" if "ticks" in step else "-"
        )
        delay = f"{step['delay_mean_ms']:.1f}/{step['delay_p99_ms']:.1f}" if "delay_mean_ms" in step else "-"
        print(
            f"{name:24}{step['legs']:6}{step['us_per_packet']:9.2f}{step['core_percent']:8.0f}{late:>16}{delay:>12}"
            f"{step['lost']:8.0f}  {why_not(step, seconds)}"
        )


def main() -> None:
    """Measure, print a table, and leave JSON and a plot."""
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        generator, relay = compile_c("c_generator", Path(folder)), compile_c("c_relay", Path(folder))
        figures = {
            name: series(generator, name, case, given.seconds, given.most)
            for name, case in CASES.items()
            if not given.only or name in given.only
        }
        figures["C relay"] = baseline(relay, generator, given.seconds, given.most)
    print(f"{'':24}{'legs':>6}{'us':>9}{'core %':>8}{'ticks late ms':>16}{'delay ms':>12}{'lost':>8}")
    for name, steps in figures.items():
        table(name, steps, given.seconds)
    report("capacity", figures)
    lines = {name: [(step["legs"], step["us_per_packet"]) for step in steps] for name, steps in figures.items()}
    picture = Path(__file__).parent / "results" / "capacity.svg"
    plot(picture, "CPU of a media worker", "legs", "µs for a packet in and one out", lines)


if __name__ == "__main__":
    main()
