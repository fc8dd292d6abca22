"""Starting the recorder beside a worker."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgpack

from softswitch.media.tap_ring import make_memory

_PROGRAM: Final = [sys.executable, "-P", "-m", "softswitch.media.recorder.main"]
_MESSAGE_OCTETS: Final = 4096
_MOST_AT_ONCE: Final = 64


class Poller(Protocol):
    """Tells when a socket has something to read."""

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call ``on_readable`` as often as the socket has something to read."""
        ...

    def unwatch(self, sock: socket.socket) -> None:
        """Stop that."""
        ...


class RecorderProcesses:
    """Starts recorders, one at a time, all on one memory.

    Args:
        poller: watches their sockets.
        number: of the worker.
        level: of the log.
        form: of the log.
    """

    def __init__(self, poller: Poller, *, number: int, level: str, form: str) -> None:
        self._poller = poller
        self._words = (str(number), level, form)
        self._memory = -1

    def memory(self) -> int:
        """Return the descriptor of the memory in which sound goes to them."""
        if self._memory < 0:
            self._memory = make_memory()
        return self._memory

    def start(self, said: Callable[[tuple[Any, ...]], None], died: Callable[[], None]) -> RecorderProcess:
        """Start one.

        Raises:
            OSError: the system refuses.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = (self.memory(), theirs.fileno())
        try:
            process = subprocess.Popen(  # noqa: S603  # our own program
                [*_PROGRAM, *map(str, descriptors), *self._words], pass_fds=descriptors, stdin=subprocess.DEVNULL
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return RecorderProcess(process, ours, self._poller, said, died)


class RecorderProcess:
    """A recorder that runs."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sock: socket.socket,
        poller: Poller,
        said: Callable[[tuple[Any, ...]], None],
        died: Callable[[], None],
    ) -> None:
        self._process = process
        self._sock = sock
        self._poller = poller
        self._said = said
        self._died = died
        sock.setblocking(False)
        poller.watch(sock, self._readable)

    def wake(self) -> None:
        """Tell it that there is something to do; one whose socket is full knows it."""
        try:
            self._sock.send(b"!")
        except OSError:
            return

    def _readable(self) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                data = self._sock.recv(_MESSAGE_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._poller.unwatch(self._sock)
                self._sock.close()
                self._process.wait()
                self._died()
                return
            self._said(msgpack.unpackb(data, use_list=False))
