"""How a media worker does, as it tells and as people are shown."""

from __future__ import annotations

from typing import Final

from softswitch.core.immutable import immutable

LATENESS_STEPS_MS: Final = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 12.0, 20.0, 50.0)
"""Steps in which late ticks are counted."""


@immutable
class WorkerHealth:
    """How a worker does."""

    worker: int
    legs: int
    late_ms: float
    """The latest tick of the last seconds."""
    missed_ticks: int
    """How many ticks were not made since it was started."""
    full: bool = False
    """Whether it is too busy for new calls."""
    ticks: tuple[int, ...] = ()
    """Ticks since it was started, by how late they began: of each of :data:`LATENESS_STEPS_MS`, and later than all."""
