"""The brain's ends of the workers' control sockets, watched by the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

from softswitch.media.engine import MediaEvent, WorkerState
from softswitch.media.engine_process import WorkerEngine


class MediaWatch:
    """Makes the engine and feeds it.

    Args:
        loop: where the sockets are watched.
        controls: their descriptors, one a worker.
        on_event: takes each event.
        in_turn: runs something and ends the turn.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        controls: Sequence[int],
        *,
        on_event: Callable[[MediaEvent], None],
        in_turn: Callable[[Callable[[], None]], None],
    ) -> None:
        self._loop = loop
        self._in_turn = in_turn
        self._sockets = [socket.socket(fileno=descriptor) for descriptor in controls]
        self._unheard = set(range(len(controls)))
        self._all_heard = asyncio.Event()
        self.engine = WorkerEngine(
            self._sockets,
            on_event,
            on_state=self._state_told,
            soon=lambda work: loop.call_soon(in_turn, work),
            on_blocked=self._blocked,
        )
        for index, each in enumerate(self._sockets):
            loop.add_reader(each.fileno(), self._readable, index)

    async def until_all_told(self) -> None:
        """Wait until every worker has told what it holds."""
        await self._all_heard.wait()

    def close(self) -> None:
        """Stop watching; the sockets live on in the supervisor."""
        for each in self._sockets:
            self._loop.remove_reader(each.fileno())
            self._loop.remove_writer(each.fileno())
            each.close()

    def _readable(self, index: int) -> None:
        self._in_turn(lambda: self.engine.readable(index))

    def _blocked(self, index: int) -> None:
        self._loop.add_writer(self._sockets[index].fileno(), self._writable, index)

    def _writable(self, index: int) -> None:
        self._loop.remove_writer(self._sockets[index].fileno())
        self.engine.writable(index)

    def _state_told(self, state: WorkerState) -> None:
        self._unheard.discard(state.worker)
        if not self._unheard:
            self._all_heard.set()
