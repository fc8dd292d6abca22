"""Facts as they come to be, for whoever watches the switch live."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from softswitch.calls.facts import DialogChanged
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record

_MOST: Final = 5000
"""Facts that wait for a watcher; one that takes them more slowly than they come is let go."""


class FactFeed:
    """One watcher's facts. Where nobody watches, a turn costs nothing for it.

    Args:
        stop: is called when the watcher goes.
    """

    def __init__(self, stop: Callable[[FactFeed], None]) -> None:
        self._stop = stop
        self._waiting: deque[Record] = deque()
        self._come = asyncio.Event()
        self._too_slow = False

    def tell(self, records: Sequence[Record]) -> None:
        """Take the facts of a turn, which are kept already."""
        wanted = [record for record in records if type(record.fact) is not DialogChanged]
        if len(self._waiting) + len(wanted) > _MOST:
            self._too_slow = True
        else:
            self._waiting.extend(wanted)
        if wanted:
            self._come.set()

    async def next(self) -> list[Record]:
        """Wait for facts and return all that have come.

        Raises:
            CommandError: the watcher was too slow, and facts are missing.
        """
        await self._come.wait()
        self._come.clear()
        if self._too_slow:
            raise CommandError("The watcher takes facts more slowly than they come", status=503, error_id="too-slow")
        found = list(self._waiting)
        self._waiting.clear()
        return found

    def close(self) -> None:
        """Watch no longer."""
        self._stop(self)
