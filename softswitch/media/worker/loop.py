"""What the worker waits for: the tick first, then the brain, then single packets.

Between ticks it sleeps in epoll, so a command is carried out when it comes, not at the next tick. While there is no
leg there is no tick.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from softswitch.media.worker.control import Control
from softswitch.media.worker.punctuality import Punctuality
from softswitch.media.worker.timer import TickTimer
from softswitch.media.worker.workload import Workload

_MOST_EVENTS: Final = 256
_LONGEST_TURN_S: Final = 0.002
"""Time for single packets between two looks at the timer: a flood on many ports must not make ticks late."""
_FAIR_TURN_S: Final = 0.02
"""After a longer tick they get as long as it took, at most this: when a thousand phones begin at once, what makes
ticks long is that few are latched yet, and latching them is what single packets are for."""
_REPORT_S: Final = 5.0
"""From one report to the next."""
_QUALITIES_S: Final = 0.25
"""So often is told how legs sound: of a thousand each time some dozens, so that no tick waits for it."""
_COLLECT_EVERY: Final = 2500
"""Ticks from one collection of young garbage to the next: ten seconds."""


class Ticking(Protocol):
    """What the loop drives."""

    @property
    def pace(self) -> int:
        """How many ticks there are from one that is needed to the next; 0 while none is."""
        ...

    def tick(self, number: int, *, missed: int) -> None:
        """Make one tick."""
        ...

    def finish_turn(self) -> None:
        """Relay what came outside the sweep, and close the descriptors that no sweep can touch any more."""
        ...


class SocketPoller:
    """Calls functions for sockets that have something to read."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._on_readable: dict[int, Callable[[], None]] = {}

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call ``on_readable`` as often as the socket has something to read."""
        self.watch_descriptor(sock.fileno(), on_readable)

    def watch_descriptor(self, descriptor: int, on_readable: Callable[[], None]) -> None:
        """Do the same for any descriptor."""
        if descriptor not in self._on_readable:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._on_readable[descriptor] = on_readable

    def unwatch(self, sock: socket.socket) -> None:
        """Stop that; a socket that is not watched is fine."""
        if self._on_readable.pop(sock.fileno(), None) is not None:
            self._epoll.unregister(sock.fileno())

    def forget(self, sock: socket.socket) -> None:
        """Stop that for a socket that is about to be closed: the system stops watching it then."""
        self._on_readable.pop(sock.fileno(), None)

    def want_room(self, sock: socket.socket, *, wanted: bool) -> None:
        """Wake up also when a watched socket has room for writing."""
        self._epoll.modify(sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if wanted else 0))

    def wait(self, limit_s: float | None = None) -> list[int]:
        """Sleep until something is there, at most ``limit_s``; return the descriptors."""
        return [descriptor for descriptor, _ in self._epoll.poll(limit_s, _MOST_EVENTS)]

    def call(self, descriptor: int) -> None:
        """Call what watches the descriptor, if anything still does."""
        on_readable = self._on_readable.get(descriptor)
        if on_readable is not None:
            on_readable()


class WorkerLoop:
    """Runs a media plane until its control socket ends or :meth:`stop` is called.

    Args:
        plane: gets the ticks.
        control: the brain's commands and the events.
        control_socket: its socket.
        poller: what the plane's sockets are watched by.
        timer: the tick.
        monotonic: seconds.
    """

    def __init__(
        self,
        plane: Ticking,
        control: Control,
        control_socket: socket.socket,
        poller: SocketPoller,
        timer: TickTimer,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plane = plane
        self._control = control
        self._control_socket = control_socket
        self._poller = poller
        self._timer = timer
        self._monotonic = monotonic
        self._workload = Workload()
        self._punctuality = Punctuality()
        self._postponed: list[int] = []
        self._tick = 0
        self._next_collection = _COLLECT_EVERY
        self._running = True
        self._waits_for_room = False
        self._first_tick_at = 0.0
        self._late_s = 0.0
        self._missed = 0
        self._turn_s = _LONGEST_TURN_S
        """Time for single packets in this turn."""
        self._next_report = monotonic() + _REPORT_S
        self._next_qualities = 0.0
        poller.watch(control_socket, self._read_control)
        poller.watch_descriptor(timer.fileno(), lambda: None)

    def run(self) -> None:
        """Run until it is over."""
        self._end_turn()
        while self._running:
            descriptors = self._poller.wait(_REPORT_S)
            self._turn_s = _LONGEST_TURN_S
            if self._timer.fileno() in descriptors:
                self._make_tick()
            self._call(descriptors)
            self._end_turn()

    def stop(self) -> None:
        """End after this turn."""
        self._running = False

    def _call(self, descriptors: Sequence[int]) -> None:
        """Call what watches these descriptors, as long as the next tick can wait; the others come first next time."""
        until = self._monotonic() + self._turn_s
        waiting = list(dict.fromkeys((*self._postponed, *descriptors)))
        self._postponed = []
        for number, descriptor in enumerate(waiting, 1):
            self._poller.call(descriptor)
            if self._monotonic() > until:
                self._postponed = waiting[number:]
                return

    def _read_control(self) -> None:
        if not self._control.readable():
            self._running = False
        self._plane.finish_turn()

    def _make_tick(self) -> None:
        elapsed = self._timer.elapsed()
        if elapsed:
            self._tick += elapsed
            missed = elapsed - self._timer.pace
            self._missed += max(0, missed)
            due = self._first_tick_at + self._tick * self._timer.period_s
            begun = self._monotonic()
            period_s = self._timer.period_s * self._timer.pace
            skipped = max(0, missed) // self._timer.pace
            self._late_s = max(self._late_s, begun - due + skipped * period_s)
            self._punctuality.note(begun - due, missed=skipped, period_s=period_s)
            self._plane.tick(self._tick, missed=missed)
            done = self._monotonic()
            self._turn_s = min(max(_LONGEST_TURN_S, done - begun), _FAIR_TURN_S)
            if self._workload.note(done - due):
                self._control.say_whether_full(self._workload.full, self._workload.p95_s)
            if self._tick >= self._next_collection:
                self._next_collection = self._tick + _COLLECT_EVERY
                gc.collect(1)

    def _end_turn(self) -> None:
        self._plane.finish_turn()
        if (now := self._monotonic()) >= self._next_report:
            self._next_report = now + _REPORT_S
            self._control.report(round(1000 * self._late_s, 3), self._missed, self._punctuality.counts)
            self._late_s = 0.0
        if now >= self._next_qualities:
            self._next_qualities = now + _QUALITIES_S
            self._control.tell_qualities()
        if self._plane.pace != self._timer.pace:
            self._timer.set_pace(self._plane.pace)
            self._first_tick_at = self._monotonic() - self._tick * self._timer.period_s
            if not self._timer.pace:
                self._rest()
        self._control.flush()
        if self._control.blocked != self._waits_for_room:
            self._waits_for_room = self._control.blocked
            self._poller.want_room(self._control_socket, wanted=self._waits_for_room)

    def _rest(self) -> None:
        """There is no leg any more."""
        self._control.rest()
        self._workload.forget()
        if self._workload.full:
            self._workload.full = False
            self._control.say_whether_full(False, 0.0)
        gc.collect()
