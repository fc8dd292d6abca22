"""Whether a worker has room for more calls: by how late its ticks are done, not by how many legs it has.

A leg that is relayed costs little and one in a codec much, and machines differ; but a worker that is done with its
ticks well before the next frame has room, and one that is not makes the calls that it has sound worse with each new
one.
"""

from __future__ import annotations

from typing import Final

from softswitch.media.worker.rows import TICK_US

_WINDOW_TICKS: Final = 1_000_000 // TICK_US
"""Judged each second."""
_FULL_AFTER_S: Final = 0.016
"""Of a frame of 20 ms, in which a tick that mixes large rooms has to be done before the next one is due."""
_ROOM_BELOW_S: Final = 0.010
"""Below this there is room again; between the two nothing changes, so that it does not flutter."""


class Workload:
    """Watches when ticks are done.

    Attributes:
        full: whether no new call should come to this worker.
        p95_s: by when after their time 95 of 100 ticks of the last whole second were done.
    """

    def __init__(self) -> None:
        self.full = False
        self.p95_s = 0.0
        self._done_after: list[float] = []

    def note(self, done_after_s: float) -> bool:
        """Note a tick; return whether ``full`` has just changed.

        Args:
            done_after_s: seconds from when the tick was due to when it was done.
        """
        self._done_after.append(done_after_s)
        if len(self._done_after) < _WINDOW_TICKS:
            return False
        done_after, self._done_after = sorted(self._done_after), []
        self.p95_s = done_after[len(done_after) * 95 // 100]
        before = self.full
        self.full = self.p95_s > (_ROOM_BELOW_S if before else _FULL_AFTER_S)
        return self.full != before

    def forget(self) -> None:
        """Begin anew, as there are no ticks for a while."""
        self._done_after.clear()
