"""How long facts have waited for the disk, as the brain sees it: a writer that is stopped cannot tell."""

from __future__ import annotations

from typing import Final

from softswitch.journal.ring import RingState
from softswitch.runtime.log import get_logger

LATE_S: Final = 5.0
"""From then on somebody should be told. A healthy writer syncs several times a second."""

_LOG = get_logger("journal")


class JournalWatch:
    """Remembers the newest fact of one look, and at later ones whether the disk has it."""

    def __init__(self) -> None:
        self._sequence = 0
        self._since: float | None = None
        self._told = False
        self.late_s = 0.0
        """How long at least the oldest fact has waited that is not on disk yet, as of the last look."""

    def look(self, ring: RingState, now: float) -> None:
        """Look at the ring, and log once when facts are late and once when they no longer are.

        Args:
            ring: how it is.
            now: monotonic seconds.
        """
        if not ring.waiting_octets:
            self._since = None
        elif self._since is None or ring.synced_sequence >= self._sequence:
            self._sequence, self._since = ring.last_sequence, now
        self.late_s = 0.0 if self._since is None else now - self._since
        self._tell(ring)

    def _tell(self, ring: RingState) -> None:
        late = self.late_s >= LATE_S
        if late and not self._told:
            facts = ring.last_sequence - ring.synced_sequence
            _LOG.warning("journal.late", waiting_s=round(self.late_s, 1), octets=ring.waiting_octets, facts=facts)
        elif self._told and not late:
            _LOG.info("journal.in_time_again", records_lost=ring.records_lost)
        self._told = late
