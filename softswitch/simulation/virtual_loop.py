"""An asyncio loop whose time jumps: when nothing is ready, it is at once the moment of the next timer.

The loop is the stock one with its own selector and clock, so a ten-minute wait takes no time and every run of a seed is
the same run. What would bring real time or chance in (threads, programs, sockets, signals) is refused.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextvars import Context
from typing import Final, NoReturn, Protocol, TypeVar, TypeVarTuple

from softswitch.core.errors import SimulationError

ResultT = TypeVar("ResultT")
ArgumentTs = TypeVarTuple("ArgumentTs")

_REFUSED: Final = {
    "threads": ("run_in_executor", "getaddrinfo", "getnameinfo"),
    "programs": ("subprocess_exec", "subprocess_shell", "connect_read_pipe", "connect_write_pipe"),
    "signals": ("add_signal_handler",),
    "real sockets": (
        *("add_reader", "add_writer", "create_connection", "create_server", "create_datagram_endpoint"),
        *("create_unix_connection", "create_unix_server", "connect_accepted_socket", "start_tls", "sendfile"),
        *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendto"),
        *("sock_connect", "sock_accept", "sock_sendfile"),
    ),
}
"""What the loop refuses, and by which methods it would come."""


class _HasFileno(Protocol):
    """What a selector may be given instead of a number."""

    def fileno(self) -> int: ...


_FileLike = int | _HasFileno


class _JumpingSelector(selectors.BaseSelector):
    """A selector that waits by setting the clock forward; nothing registered with it ever becomes ready."""

    def __init__(self, start_s: float) -> None:
        self.now_s = start_s
        self._keys: dict[_FileLike, selectors.SelectorKey] = {}

    def register(self, fileobj: _FileLike, events: int, data: object = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[fileobj] = key = selectors.SelectorKey(fileobj, number, events, data)
        return key

    def unregister(self, fileobj: _FileLike) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise SimulationError("deadlock: somebody waits, but nothing is scheduled that could end the wait")
        if timeout > 0:
            # At least the next number, or a difference too small to add would stop the clock for ever.
            self.now_s = max(self.now_s + timeout, math.nextafter(self.now_s, math.inf))
        return []

    def get_map(self) -> Mapping[_FileLike, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """The stock loop on virtual time.

    Args:
        start_s: the monotonic time at which it starts.
    """

    def __init__(self, *, start_s: float = 0.0) -> None:
        self._virtual = _JumpingSelector(start_s)
        self._home = threading.get_ident()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual monotonic time in seconds."""
        return self._virtual.now_s

    def _make_self_pipe(self) -> None:
        """Make no pipe to be woken by from other threads: there are none, and a run has many loops."""

    def _close_self_pipe(self) -> None:
        """Close none."""

    def call_soon_threadsafe(
        self,
        callback: Callable[[*ArgumentTs], object],
        *args: *ArgumentTs,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Schedule a callback, from the loop's own thread only.

        Raises:
            SimulationError: another thread calls; while it worked, virtual time may have moved by hours.
        """
        if threading.get_ident() != self._home:
            raise SimulationError("threads do not exist in virtual time")
        return super().call_soon_threadsafe(callback, *args, context=context)


def _refusing(method: str, what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise SimulationError(f"{what} do not exist in virtual time: loop.{method} was called")

    return refuse


for _what, _methods in _REFUSED.items():
    for _method in _methods:
        setattr(VirtualLoop, _method, _refusing(_method, _what))


def run_virtually(
    script: Callable[[VirtualLoop], Coroutine[object, object, ResultT]], *, start_s: float = 0.0
) -> ResultT:
    """Run a coroutine to its end on a loop of its own in virtual time.

    Raises:
        SimulationError: nothing is scheduled any more and the script still waits.
    """
    loop = VirtualLoop(start_s=start_s)
    # asyncio.Runner would do the same, and catch Ctrl-C, at the price of a tenth of a short script.
    try:
        return loop.run_until_complete(script(loop))
    finally:
        _give_up_the_rest(loop)
        loop.close()


def _give_up_the_rest(loop: VirtualLoop) -> None:
    """Cancel what the script has left behind, and let it end."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
