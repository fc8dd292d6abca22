"""The brain's ends of the workers' control sockets, watched by the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial

from softswitch.media.engine import MediaEvent, WorkerState
from softswitch.media.engine_process import WorkerEngine
from softswitch.net.paced_readers import Readers


class MediaWatch:
    """Makes the engine and feeds it.

    Args:
        loop: where the sockets are watched for room.
        readers: where they are watched for what workers tell.
        on_event: takes each event.
        in_turn: runs something and ends the turn.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        readers: Readers,
        *,
        on_event: Callable[[MediaEvent], None],
        in_turn: Callable[[Callable[[], None]], None],
    ) -> None:
        self._loop = loop
        self._readers = readers
        self._in_turn = in_turn
        self._sockets: dict[int, socket.socket] = {}
        self._unheard: set[int] = set()
        self._all_heard = asyncio.Event()
        self.engine = WorkerEngine(
            (),
            on_event,
            on_state=self._state_told,
            soon=lambda work: loop.call_soon(in_turn, work),
            on_blocked=self._blocked,
        )

    def add(self, number: int, control: socket.socket) -> None:
        """Use another worker, over the brain's end of its socket pair."""
        self._sockets[number] = control
        self._unheard.add(number)
        self._in_turn(lambda: self.engine.add(number, control))
        self._readers.add(control.fileno(), partial(self._read, number))

    async def until_all_told(self) -> None:
        """Wait until every worker has told what it holds."""
        if self._unheard:
            await self._all_heard.wait()

    def close(self) -> None:
        """Stop watching; the sockets live on in the supervisor."""
        for number in list(self._sockets):
            self._drop(number)

    def _read(self, number: int) -> bool:
        """Take all that a worker has told."""
        if not self.engine.readable(number):
            self._drop(number)
            self._heard(number)
        return False

    def _drop(self, number: int) -> None:
        dropped = self._sockets.pop(number)
        self._readers.remove(dropped.fileno())
        self._loop.remove_writer(dropped.fileno())
        dropped.close()

    def _blocked(self, number: int) -> None:
        self._loop.add_writer(self._sockets[number].fileno(), self._writable, number)

    def _writable(self, number: int) -> None:
        self._loop.remove_writer(self._sockets[number].fileno())
        self.engine.writable(number)

    def _state_told(self, state: WorkerState) -> None:
        self._heard(state.worker)

    def _heard(self, number: int) -> None:
        self._unheard.discard(number)
        if not self._unheard:
            self._all_heard.set()
