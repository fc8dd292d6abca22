"""Loopback addresses that belong to one test process, so that several processes run tests side by side."""

from __future__ import annotations

import os
from typing import Final

_NUMBER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def own(place: str) -> str:
    """Return the address of this process at a place, which are the last two numbers: ``own("41.1")``."""
    return f"127.{1 + _NUMBER}.{place}"
