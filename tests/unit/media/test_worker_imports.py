"""A worker loads all of its code before its first tick: an import takes longer than a tick may be late."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
import softswitch.media.worker.main
import numpy as np
before = set(sys.modules)
np.unique(np.array([2, 1, 2])), np.unique(np.array([2, 1, 2]), return_inverse=True)
np.concatenate([np.zeros(2)]), np.repeat([1], [2]), np.isin([1], [1]), np.clip([1.5], 0, 1)
print(*sorted(set(sys.modules) - before))
"""


def test_what_a_tick_calls_of_numpy_imports_nothing_more() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert not done.stdout.split()
