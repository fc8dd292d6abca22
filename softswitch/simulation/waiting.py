"""Waiting in virtual time until something holds, looked at whenever something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiting:
    """Who waits.

    Args:
        loop: a loop in virtual time.
    """

    __slots__ = ("_futures", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._futures: list[asyncio.Future[None]] = []

    def changed(self) -> None:
        """Let everybody who waits look again."""
        if self._futures:
            futures, self._futures = self._futures, []
            for future in futures:
                if not future.done():
                    future.set_result(None)

    async def until(self, condition: Callable[[], bool], *, limit_s: float) -> bool:
        """Wait until something holds; tell whether it does within the limit of virtual time."""
        if condition():
            return True
        late = False

        def give_up() -> None:
            nonlocal late
            late = True
            self.changed()

        timer = self._loop.call_later(limit_s, give_up)
        try:
            while not (condition() or late):
                future: asyncio.Future[None] = self._loop.create_future()
                self._futures.append(future)
                await future
        finally:
            timer.cancel()
        return condition()
