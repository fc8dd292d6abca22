"""What facts cost a call: CPU of all processes with them, and with encoding, ring, writer and SQL off.

Usage: python -m bench.fact_cost [--turns N]

Facts are decided and applied in both; the one keeps them as well. Both switches live side by side and carry 300 calls
in turns (:mod:`bench.call_turns`).
"""

from __future__ import annotations

import argparse
import sys

from bench.call_turns import compared
from bench.factless import OURS
from bench.measuring import report
from bench.sip_load import PROGRAM


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=14)
    options = parser.parse_args()
    programs = {"with_facts": (PROGRAM,), "without": (sys.executable, str(OURS))}
    report("fact_cost", compared(options.turns, programs))


if __name__ == "__main__":
    main()
