"""What a call costs now and in another version: CPU of all processes of both switches, in turns.

Usage: python -m bench.versions CHECKOUT [--turns N]

CHECKOUT is a folder in which ``make install`` was run at the other commit. Both switches live side by side and carry
300 calls in turns (:mod:`bench.call_turns`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.call_turns import compared
from bench.measuring import report
from bench.sip_load import PROGRAM


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--turns", type=int, default=14)
    options = parser.parse_args()
    other = options.checkout.resolve() / ".venv" / "bin" / "softswitch"
    if not other.exists():
        parser.error(f"{other} does not exist; run `make install` there first")
    report("versions", compared(options.turns, {"now": (PROGRAM,), "then": (str(other),)}))


if __name__ == "__main__":
    main()
