"""How much the property tests try: a little in the gate, a lot in the long form."""

from __future__ import annotations

import os
from typing import Final

LONG_FORM: Final = 100.0
"""The FUZZ_SCALE of ``make fuzz``."""


def scale(examples: int, long: int | None = None) -> int:
    """Return the number of examples for a property test.

    Args:
        examples: in the gate, where FUZZ_SCALE is 1.
        long: in the long form, where it is 100; a hundred times as many by default. Between them it grows evenly.
    """
    factor = float(os.environ.get("FUZZ_SCALE", "1"))
    if long is None or factor <= 1:
        return int(examples * factor)
    return int(examples + (long - examples) * (factor - 1) / (LONG_FORM - 1))
