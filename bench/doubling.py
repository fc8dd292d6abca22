"""Whether a leg costs more where there are more of them: relay of 1,000 and of 2,000 legs, in turns.

Two workers get packets from the same generator, each for a second and a half while the other one stands still
(:mod:`bench.paired`). The figure is the CPU for one packet in and one out at 2,000 legs, over that at 1,000.

usage: python -m bench.doubling [--legs 1000] [--runs 5] [--slices 4]
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.paired import SLICE_S, SLICE_SETTLING_S, Contender, compared, in_turns
from bench.relay import SWITCH, Load, Worker, compile_c, load, worker

OTHER_SWITCH = "127.0.48.4"


def contender(generator: Path, running: Worker, legs: int, address: str) -> Contender:
    """Return a worker that relays so many legs."""
    wanted = Load(legs, SLICE_S, 1000, 100, SLICE_SETTLING_S)
    return Contender(
        running.process.pid,
        partial(load, generator, wanted, running.ports, running.process.pid, address=address),
    )


def measure(generator: Path, legs: int, slices: int) -> dict[str, float]:
    """Relay by both workers in turns."""
    with worker(2 * legs, "") as many, worker(legs, "", address=OTHER_SWITCH) as few:
        contenders = {
            "many": contender(generator, many, 2 * legs, SWITCH),
            "few": contender(generator, few, legs, OTHER_SWITCH),
        }
        found = compared(in_turns(slices, contenders), "many", "few")
    return {name.replace("c_us", "us_of_half"): value for name, value in found.items()}


def main() -> None:
    """Measure, print a table and JSON."""
    parser = argparse.ArgumentParser(description="Relay of 1,000 and of 2,000 legs.")
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slices", type=int, default=4, help="of each run and worker")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        figures = interleaved(given.runs, {"both": partial(measure, generator, given.legs, given.slices)})["both"]
    print(f"{'':26}{'median':>10}{'least':>10}{'most':>10}   (of {given.runs} runs, {2 * given.legs} legs)")
    for key, found in figures.items():
        aim = "   (at most 1)" if key == "ratio" else ""
        print(f"{key:26}{found['median']:10.2f}{found['min']:10.2f}{found['max']:10.2f}{aim}")
    report("doubling", {"legs": given.legs, **figures})


if __name__ == "__main__":
    main()
