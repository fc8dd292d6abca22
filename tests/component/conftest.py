"""Each behaviour test of this folder runs straight, and with the brain thrown away after or before a turn's messages.

The tests are made by :func:`softswitch.simulation.behaviour.behaviour`; here each gets its runs. ``FUZZ_SCALE``
multiplies the number of turns that are tried.
"""

from __future__ import annotations

import os
from typing import Final

import pytest

_REFOLDS: Final = 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "run" in metafunc.fixturenames:
        count = int(_REFOLDS * float(os.environ.get("FUZZ_SCALE", "1")))
        lost = max(1, count // 2)
        names = [
            "straight",
            *(f"refolded-{n}" for n in range(1, count + 1)),
            *(f"lost-{n}" for n in range(1, lost + 1)),
        ]
        metafunc.parametrize("run", [*range(count + 1), *range(-1, -lost - 1, -1)], ids=names)
