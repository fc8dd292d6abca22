"""The brain's side of errands: they are done by a program of its own, which is started when the first one comes."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import msgpack

from softswitch.runtime.log import get_logger
from softswitch.scenario.errands import Errand, ErrandOver

_COMMAND: Final = (sys.executable, "-P", "-m", "softswitch.app.errand_process")
_READ_OCTETS: Final = 65536
_LOG = get_logger("errands")


class ErrandRunner:
    """Implements :class:`softswitch.scenario.errands.Errands`.

    Args:
        loop: the brain's.
        tell: is told of each errand's end, in a turn of its own.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[str, ErrandOver], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._noted: dict[str, Errand] = {}
        self._open: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._unpacker = msgpack.Unpacker(use_list=False)

    def prepare(self) -> None:
        """Start the program, so that the first errand does not wait for it; nothing where it runs."""
        if self._socket is None:
            try:
                self._start()
            except OSError as error:
                _LOG.error("errands.failed", reason=str(error))

    def send(self, ticket: str, errand: Errand) -> None:
        """Note an errand."""
        if ticket not in self._open:
            self._noted[ticket] = errand

    def flush(self) -> None:
        """Hand on what was noted."""
        if not self._noted:
            return
        noted, self._noted = self._noted, {}
        for ticket, errand in noted.items():
            self._open.add(ticket)
            if not self._hand_on(msgpack.packb((ticket, errand.kind, dict(errand.values), errand.limit_s))):
                self._loop.call_soon(self._over, ticket, ErrandOver(False, "errands cannot be done now", {}))

    def _hand_on(self, data: bytes) -> bool:
        try:
            connection = self._socket or self._start()
            return connection.send(data) == len(data)
        except OSError as error:
            _LOG.error("errands.failed", reason=str(error))
            return False

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(_COMMAND, stdin=theirs.fileno())  # noqa: S603  # our own program
        ours.setblocking(False)
        self._socket = ours
        self._unpacker = msgpack.Unpacker(use_list=False)
        self._loop.add_reader(ours.fileno(), self._readable)
        return ours

    def _readable(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self._unpacker.feed(data)
        for ticket, ok, word, values in self._unpacker:
            self._over(ticket, ErrandOver(ok, word, values))

    def _over(self, ticket: str, over: ErrandOver) -> None:
        if ticket in self._open:
            self._open.discard(ticket)
            self._tell(ticket, over)

    def _lost(self) -> None:
        """The program is gone: what it had to do has come to nothing; the next errand starts another."""
        _LOG.warning("errands.lost", open=len(self._open))
        self._hang_up()
        for ticket in sorted(self._open):
            self._over(ticket, ErrandOver(False, "the program for errands died", {}))

    def _hang_up(self) -> None:
        """Have done with a program: it keeps nothing that another one would not do again."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Let the program end."""
        self._hang_up()
