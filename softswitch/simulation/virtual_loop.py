"""An asyncio loop whose time jumps: when nothing is ready, it is at once the moment of the next timer.

So a ten-minute wait takes no time, and every run of a seed is the same run. What would bring real time or chance in
(threads, programs, sockets, signals) is refused. The loop is the stock one but for how it keeps what is scheduled: as
nothing can become ready from outside, there is nothing to poll; and a run is little else than what is scheduled.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from typing import Any, Final, NoReturn, TypeVar, TypeVarTuple
from weakref import WeakSet

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


_CLOSED: Final = "Event loop is closed"
_MANY: Final = 100
"""Cancelled timers that may lie about before it is looked whether they are most of all."""


class _Soon(asyncio.Handle):
    """What is called next; it keeps no traceback of who asked for it, and so costs half as much as the stock's."""

    __slots__ = ()

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], loop: VirtualLoop, context: Context | None
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class _Timer(asyncio.TimerHandle):
    """What is called at a time; likewise."""

    __slots__ = ()

    def __init__(
        self,
        when_s: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: VirtualLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None
        self._when = when_s
        self._scheduled = True

    def cancel(self) -> None:
        """Drop it: it is not called, and lies about until its time comes or too many do."""
        if not self._cancelled:
            self._cancelled = True
            self._callback = self._args = None  # type: ignore[assignment]  # as the stock does
            if self._scheduled:
                self._loop.timer_dropped()


class VirtualLoop(asyncio.BaseEventLoop):
    """The stock loop on virtual time, without the part of it that polls.

    Args:
        start_s: the monotonic time at which it starts.
    """

    # What the stock loop has and is not declared where types are.
    _ready: deque[asyncio.Handle]
    _closed: bool
    _stopping: bool
    _asyncgens: WeakSet[AsyncGenerator[object, object]]

    def __init__(self, *, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._home = threading.get_ident()
        self._timers: list[tuple[float, int, _Timer]] = []
        """What is to be called, soonest first, and of the same time in the order in which it was asked for."""
        self._asked = 0
        self._dropped = 0
        """How many of the timers were cancelled."""
        super().__init__()

    def time(self) -> float:
        """Return the virtual monotonic time in seconds."""
        return self._now_s

    def call_at(
        self,
        when: float,
        callback: Callable[[*ArgumentTs], object],
        *args: *ArgumentTs,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Have something called at a time."""
        if self._closed:
            raise RuntimeError(_CLOSED)
        timer = _Timer(when, callback, args, self, context)
        self._asked = asked = self._asked + 1
        heappush(self._timers, (when, asked, timer))
        return timer

    def call_later(
        self,
        delay: float,
        callback: Callable[[*ArgumentTs], object],
        *args: *ArgumentTs,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Have something called after some seconds."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_soon(
        self,
        callback: Callable[[*ArgumentTs], object],
        *args: *ArgumentTs,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Have something called after all that is ready."""
        if self._closed:
            raise RuntimeError(_CLOSED)
        handle = _Soon(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def has_generators(self) -> bool:
        """Tell whether asynchronous generators were begun and not ended."""
        return len(self._asyncgens) > 0

    def timer_dropped(self) -> None:
        """Clear up where most of the timers that lie about were cancelled."""
        self._dropped += 1
        if self._dropped > _MANY and 2 * self._dropped > len(self._timers):
            self._timers = [timer for timer in self._timers if not timer[2]._cancelled]
            heapify(self._timers)
            self._dropped = 0

    def _run_once(self) -> None:
        """Let time jump if nothing is ready; then call what is, but nothing that is asked for meanwhile."""
        ready: deque[Any] = self._ready  # of handles, whose parts are not declared where types are
        if not ready and not self._stopping:
            self._jump()
        timers, now_s = self._timers, self._now_s
        while timers and timers[0][0] <= now_s:
            timer = heappop(timers)[2]
            timer._scheduled = False
            if timer._cancelled:
                self._dropped -= 1
            else:
                ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                try:  # as handle._run() does, without the call
                    handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._failed(handle, error)

    def _failed(self, handle: asyncio.Handle, error: BaseException) -> None:
        self.call_exception_handler({"message": f"Exception in {handle!r}", "exception": error, "handle": handle})

    def _jump(self) -> None:
        """Set the clock to when the next timer is due.

        Raises:
            SimulationError: there is none.
        """
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heappop(timers)[2]._scheduled = False
            self._dropped -= 1
        if not timers or timers[0][0] == math.inf:
            raise SimulationError("deadlock: somebody waits, but nothing is scheduled that could end the wait")
        self._now_s = max(self._now_s, timers[0][0])

    def close(self) -> None:
        """Close it; nothing that was asked for is called any more."""
        super().close()
        self._timers.clear()

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
        return self.call_soon(callback, *args, context=context)


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
    if loop.has_generators():
        loop.run_until_complete(loop.shutdown_asyncgens())
