"""Every behaviour test of this folder runs straight through, and with the brain thrown away at a random turn.

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
        names = ["straight", *(f"refolded-{number}" for number in range(1, count + 1))]
        metafunc.parametrize("run", range(count + 1), ids=names)
