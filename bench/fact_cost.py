"""What facts cost a call: CPU of all processes with them, and with encoding, ring, writer and SQL off.

Usage: python -m bench.fact_cost [--turns N] [--rate CALLS_PER_S]

Facts are decided and applied in both; the one keeps them as well. Both switches live side by side and carry calls for
two seconds in turns (:mod:`bench.call_turns`). At a rate at which turns are paced in the one and not yet in the other
(ADR 0031), that is what would be compared: around 120 calls a second.
"""

from __future__ import annotations

import argparse
import sys

from bench.call_turns import RATE, compared
from bench.factless import OURS
from bench.measuring import report
from bench.sip_load import PROGRAM


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=14)
    parser.add_argument("--rate", type=int, default=RATE)
    options = parser.parse_args()
    programs = {"with_facts": (PROGRAM,), "without": (sys.executable, str(OURS))}
    report("fact_cost", compared(options.turns, programs, options.rate))


if __name__ == "__main__":
    main()
