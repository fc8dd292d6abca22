"""How much the property tests try: a little in the gate, a lot in the long form."""

from __future__ import annotations

import os


def scale(examples: int) -> int:
    """Return the number of examples for a property test: ``examples`` times the environment's FUZZ_SCALE."""
    return int(examples * float(os.environ.get("FUZZ_SCALE", "1")))
