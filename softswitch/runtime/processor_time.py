"""What a process has had of the processors so far."""

from __future__ import annotations

import time
from pathlib import Path


def processor_time() -> dict[str, float]:
    """Return for how many seconds this process has run, and for how many it could have, had others left it a processor.

    The second is missing where the kernel does not count it (Linux: Documentation/scheduler/sched-stats.rst).
    """
    try:
        ran, waited, _ = Path("/proc/self/schedstat").read_text().split()
    except OSError:
        return {"ran_s": round(time.process_time(), 2)}
    return {"ran_s": round(int(ran) / 1e9, 2), "waited_s": round(int(waited) / 1e9, 2)}
