"""Long work in the brain's loop, a little at a time, so that calls go on between the pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

SLICE_S: Final = 0.001
"""So long at most one piece keeps the loop, or as long as one item takes."""
PAUSE_S: Final = 0.003
"""So long the loop is left alone behind each piece: a call is set up in some ten turns, and most of them meet none."""


async def in_slices(items: Iterable[T]) -> list[T]:
    """Return what an iterable gives; the work that it does for each item takes a quarter of the loop's time."""
    loop = asyncio.get_running_loop()
    out: list[T] = []
    until_s = loop.time() + SLICE_S
    for item in items:
        out.append(item)
        if loop.time() >= until_s:
            await asyncio.sleep(PAUSE_S)
            until_s = loop.time() + SLICE_S
    return out
