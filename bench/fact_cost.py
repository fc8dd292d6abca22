"""What facts cost a call: CPU of all processes with them, and with encoding, ring, writer and SQL off.

Usage: python -m bench.fact_cost [--calls N] [--rate CALLS_PER_S] [--runs N]

Facts are decided and applied in both; the one keeps them as well. Each run starts a switch of its own, one after the
other, so that both see the same machine.
"""

from __future__ import annotations

import argparse
import sys

from bench.call_setup import calls
from bench.factless import OURS
from bench.measuring import interleaved, report
from bench.sip_load import PROGRAM, called_phone, running_switch


def measured(program: tuple[str, ...], *, count: int, rate: int) -> dict[str, float]:
    """Return milliseconds of CPU a call of a switch that this program starts."""
    with running_switch(program) as (directory, pids), called_phone(directory):
        calls(directory, pids, count=300, rate=100, challenged=False)
        return calls(directory, pids, count=count, rate=rate, challenged=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=150)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    figures = interleaved(
        options.runs,
        {
            "with_facts": lambda: measured((PROGRAM,), count=options.calls, rate=options.rate),
            "without": lambda: measured((sys.executable, str(OURS)), count=options.calls, rate=options.rate),
        },
    )
    kept, not_kept = (figures[name]["ms_a_call"]["median"] for name in ("with_facts", "without"))
    report("fact_cost", {**figures, "dearer_percent": 100 * (kept / not_kept - 1), "flags": vars(options)})


if __name__ == "__main__":
    main()
