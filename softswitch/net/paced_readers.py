"""Reading from many descriptors in turns that begin some milliseconds apart while much comes.

Mostly what comes is read at once. While reading and what follows from it take a good part of the time, what comes is
gathered and read together: a process that wakes up finds its caches empty, and what is done several times at once has
to fill them once only. A call of a busy switch takes a fifth less of the processor's time so (ADR 0031); each of its
messages waits some milliseconds, of the five hundred after which its peer would send it again (RFC 3261 §17.1.1.1: T1).
"""

from __future__ import annotations

import asyncio
import math
import select
import time
from collections.abc import Callable
from typing import Final, Protocol

PACE_S: Final = 0.012
"""From the beginning of a turn to that of the next, while turns are paced."""
BUSY: Final = 0.3
"""The part of the time that turns take from which on they are paced: some hundred calls a second."""
CALM: Final = 0.15
"""And below which they are so no more."""
_REMEMBERED_S: Final = 0.5
"""How long ago what turns took still counts for that, about."""


class Readers(Protocol):
    """Watches descriptors and ends a turn behind what was read from them."""

    def add(self, descriptor: int, read: Callable[[], bool]) -> None:
        """Call ``read`` when there is something to read; it tells whether it left something there."""
        ...

    def remove(self, descriptor: int) -> None:
        """Stop that; a descriptor that is not watched is fine."""
        ...


class PacedReaders:
    """Implements :class:`Readers` on a loop.

    Args:
        loop: where readiness is watched.
        end_turn: called once after each batch of reading, also where some of it failed.
        monotonic: seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        end_turn: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._end_turn = end_turn
        self._monotonic = monotonic
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], bool]] = {}
        self._begun_s = -math.inf
        self._busy = 0.0
        """The part of the time that turns took of late."""
        self._timer: asyncio.Handle | None = None
        """Of the next turn, while turns are paced; the loop does not watch then."""
        loop.add_reader(self._epoll.fileno(), self._readable)

    def add(self, descriptor: int, read: Callable[[], bool]) -> None:
        """Call ``read`` when there is something to read; it tells whether it left something there."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = read

    def remove(self, descriptor: int) -> None:
        """Stop that; a descriptor that is not watched is fine."""
        if self._readers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Stop everything, once and for all."""
        if self._epoll.closed:
            return
        self._loop.remove_reader(self._epoll.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._readers.clear()
        self._epoll.close()

    def _readable(self) -> None:
        """Read what came; where there is much to do, what comes next is gathered."""
        left = self._turn(self._epoll.poll(0))
        if self._busy > BUSY and not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._arm(at_once=left)

    def _paced(self) -> None:
        """Read what was gathered; where that is nothing or little, what comes next is read at once."""
        self._timer = None
        ready, left = self._epoll.poll(0), False
        try:
            if ready:
                left = self._turn(ready)
        finally:
            if ready and self._busy > CALM and not self._epoll.closed:
                self._arm(at_once=left)
            elif not self._epoll.closed:
                self._loop.add_reader(self._epoll.fileno(), self._readable)

    def _turn(self, ready: list[tuple[int, int]]) -> bool:
        """Read from these and end the turn; return whether one of them left something there."""
        begun_s = self._monotonic()
        kept = math.exp((self._begun_s - begun_s) / _REMEMBERED_S)
        self._begun_s = begun_s
        left = False
        try:
            for descriptor, _ in ready:
                left |= self._read(descriptor)
            self._end_turn()
        finally:
            self._busy = self._busy * kept + (self._monotonic() - begun_s) / _REMEMBERED_S
        return left

    def _read(self, descriptor: int) -> bool:
        """Read from one; a defect is the loop's to tell of, and holds back neither the others nor what was caused."""
        read = self._readers.get(descriptor)
        try:
            return read is not None and read()  # one of those before may have removed it
        except Exception as error:  # as it is with a reader of the loop's own
            self._loop.call_exception_handler({"message": f"cannot read from {descriptor}", "exception": error})
            return False

    def _arm(self, *, at_once: bool) -> None:
        rest_s = 0.0 if at_once else self._begun_s + PACE_S - self._monotonic()
        if rest_s > 0:
            self._timer = self._loop.call_later(rest_s, self._paced)
        else:
            self._timer = self._loop.call_soon(self._paced)
