"""The brain's tie to the supervisor: news of other processes, sockets left in its care, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
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
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, given: Inherited, on_gone: Callable[[], None]) -> None:
        self._loop = loop
        self._life = given.life
        self._news = socket.socket(fileno=given.news)
        self._news.setblocking(False)
        self._on_gone = on_gone
        self._pids = dict(given.pids)
        loop.add_reader(given.life, self._gone)
        loop.add_reader(self._news.fileno(), self._hear)

    def pids(self) -> dict[str, int]:
        """Return the processes of the switch by name, this one among them."""
        return self._pids | {"brain": os.getpid()}

    def hold(self, transport: str, bound: socket.socket) -> None:
        """Leave a socket that was opened later with the supervisor, so that the next brain inherits it."""
        host, port = bound.getsockname()[:2]
        message = json.dumps({"transport": transport, "host": host, "port": port}).encode()
        try:
            socket.send_fds(self._news, [message], [bound.fileno()])
        except OSError as error:
            _LOG.warning("socket.not_held", host=host, port=port, error=str(error))

    def close(self) -> None:
        """Stop watching."""
        self._loop.remove_reader(self._life)
        self._loop.remove_reader(self._news.fileno())
        self._news.close()

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            message = self._news.recv(65536)
            if message:
                self._pids = json.loads(message)["pids"]
            else:
                self._loop.remove_reader(self._news.fileno())

    def _gone(self) -> None:
        self._loop.remove_reader(self._life)
        _LOG.error("supervisor.died")
        self._on_gone()
