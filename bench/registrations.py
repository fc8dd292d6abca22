"""What a registration with digest costs (the 401 and the 200 together); CPU of all of the switch's processes.

Usage: python -m bench.registrations [--count N] [--rate PER_S] [--runs N] [--soak SECONDS]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.baseline import c_relay_us_per_packet
from bench.call_setup import credentials
from bench.measuring import cpu_by_process, interleaved, report
from bench.sip_load import CALLER, running_switch, sipp


def registrations(directory: Path, pids: dict[str, int], *, count: int, rate: int) -> dict[str, float]:
    """Make ``count`` registrations of many users in turn; return milliseconds of CPU each."""
    before = sum(cpu_by_process(pids).values())
    words = ["-m", str(count), "-r", str(rate), "-inf", str(credentials(directory))]
    counts = sipp(directory, *words, scenario="register.xml", address=CALLER, port=5094)
    time.sleep(0.5)
    spent = sum(cpu_by_process(pids).values()) - before
    return {
        "ms_each": 1000 * spent / count,
        "failed": counts["failed"],
        "retransmissions": counts["retransmissions"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--rate", type=int, default=800)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS")
    options = parser.parse_args()
    with running_switch() as (directory, pids):
        registrations(directory, pids, count=400, rate=200)
        if options.soak:
            count = options.soak * options.rate
            report("registration_soak", registrations(directory, pids, count=count, rate=options.rate))
            return
        measures = {
            "c_relay": lambda: {"us_per_packet": c_relay_us_per_packet()},
            "register": lambda: registrations(directory, pids, count=options.count, rate=options.rate),
        }
        report("registrations", interleaved(options.runs, measures))


if __name__ == "__main__":
    main()
