"""The brain's tie to the supervisor: news of other processes, sockets left in its care, and its end.

Each message is JSON. The supervisor sends ``{"pids": ..., "retiring": [...], "restarts": ...}``, with ``"worker": 3``
and the brain's end of its socket pair where it has started one. The brain sends ``{"transport": ..., "host": ...,
"port": ...}`` with a socket to hold, ``{"replace": 3}`` and ``{"retired": 3}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from softswitch.app.processes import Inherited
from softswitch.runtime.log import get_logger

_LOG = get_logger("supervisor")


class SupervisorLink:
    """Watches what the supervisor says.

    Args:
        loop: where its descriptors are watched.
        given: what this process inherited.
        on_gone: called when the supervisor is gone.
        on_worker: takes the number and the socket of a worker that was started.
        on_retiring: takes the numbers of the workers that shall get no further calls.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        given: Inherited,
        *,
        on_gone: Callable[[], None],
        on_worker: Callable[[int, socket.socket], None],
        on_retiring: Callable[[Iterable[int]], None],
    ) -> None:
        self._loop = loop
        self._life = given.life
        self._news = socket.socket(fileno=given.news)
        self._news.setblocking(False)
        self._on_gone = on_gone
        self._on_worker = on_worker
        self._on_retiring = on_retiring
        self._pids = dict(given.pids)
        self.restarts: Mapping[str, int] = given.restarts
        """How often a process of each role died and was started again."""
        loop.add_reader(given.life, self._gone)
        loop.add_reader(self._news.fileno(), self._hear)

    def pids(self) -> dict[str, int]:
        """Return the processes of the switch by name, this one among them."""
        return self._pids | {"brain": os.getpid()}

    def replace(self, number: int) -> None:
        """Ask for another worker in the place of one that is too old."""
        self._say({"replace": number})

    def retired(self, number: int) -> None:
        """Tell that a retiring worker has no leg any more."""
        self._say({"retired": number})

    def hold(self, transport: str, bound: socket.socket) -> None:
        """Leave a socket that was opened later with the supervisor, so that the next brain inherits it."""
        host, port = bound.getsockname()[:2]
        self._say({"transport": transport, "host": host, "port": port}, bound.fileno())

    def close(self) -> None:
        """Stop watching."""
        self._loop.remove_reader(self._life)
        self._loop.remove_reader(self._news.fileno())
        self._news.close()

    def _say(self, message: dict[str, str | int], *descriptors: int) -> None:
        try:
            socket.send_fds(self._news, [json.dumps(message).encode()], descriptors)
        except OSError as error:
            _LOG.warning("supervisor.not_told", error=str(error), **message)

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            data, descriptors = b"", list[int]()
            with suppress(ConnectionError):
                data, descriptors, _, _ = socket.recv_fds(self._news, 65536, 1)
            if not data:
                self._loop.remove_reader(self._news.fileno())
                return
            message = json.loads(data)
            self._pids, self.restarts = message["pids"], message["restarts"]
            for descriptor in descriptors:
                self._on_worker(message["worker"], socket.socket(fileno=descriptor))
            self._on_retiring(message["retiring"])

    def _gone(self) -> None:
        self._loop.remove_reader(self._life)
        _LOG.error("supervisor.died")
        self._on_gone()
