"""The worker's end of the control socket: commands in, numbered events out, kept until they are acknowledged."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import Hear, LegState, Quality
from softswitch.media.worker.outbox import Outbox
from softswitch.media.worker.ports_ahead import PortsAhead, Told
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

_MOST_AT_ONCE: Final = 64
"""Messages read in one turn, so that a tick is never far."""

Rooms = list[tuple[str, tuple[Hear, ...]]]


class Control:
    """Speaks with the brain, whichever process that is now.

    Args:
        sock: the socket, non-blocking.
        number: of this worker.
        instance: new with each process.
        execute: carries out a command.
        states: tells the legs there are.
        rooms: tells the rooms there are.
        names: tells the legs there are by name.
        qualities: tells how good they sound.
        outbox: the events to send.
        ahead: the ports that are held ready.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        number: int,
        instance: str,
        execute: Callable[[wire.Values], None],
        states: Callable[[], list[LegState]],
        rooms: Callable[[], Rooms],
        names: Callable[[], list[str]],
        qualities: Callable[[], list[tuple[str, Quality]]] = list,
        outbox: Outbox,
        ahead: PortsAhead | None = None,
    ) -> None:
        self._sock = sock
        self._hello = wire.pack(("hello", wire.PROTOCOL, wire.PRODUCT, number, instance))
        self._execute = execute
        self._states = states
        self._rooms = rooms
        self._names = names
        self._qualities = qualities
        self._outbox = outbox
        self._ahead = ahead
        self._backlog: deque[bytes] = deque([self._hello])
        self._full = False

    @property
    def blocked(self) -> bool:
        """Whether messages wait for room in the socket."""
        return bool(self._backlog)

    def readable(self) -> bool:
        """Take what the brain sent; False when nobody can ever send anything again."""
        for _ in range(_MOST_AT_ONCE):
            try:
                data = self._sock.recv(wire.RECEIVE_OCTETS)
            except BlockingIOError:
                return True
            except ConnectionError:
                return False
            if not data:
                return False
            self._take(wire.unpack(data))
        return True

    def flush(self) -> None:
        """Send the events there are and what waited; then bind the ports that the next legs will need."""
        self._queue_events(self._outbox.take_fresh())
        self._drain()
        if self._ahead is not None:
            self._ahead.fill()
            self._tell_ahead(self._ahead.take_untold())
            self._drain()

    def rest(self) -> None:
        """Make the stock of ports whole: there is no leg, and time for it."""
        if self._ahead is not None:
            self._ahead.fill(whole=True)

    def _drain(self) -> None:
        while self._backlog:
            try:
                self._sock.send(self._backlog[0])
            except BlockingIOError:
                return
            except OSError:
                self._backlog.clear()  # nobody is there; reading tells the same
                return
            self._backlog.popleft()

    def report(self, late_ms: float, missed_ticks: int, ticks: Sequence[int] = ()) -> None:
        """Tell how late the ticks were, and which legs there are, so that the brain can see whether it agrees.

        Args:
            late_ms: the latest tick since the last report.
            missed_ticks: how many were not made since the start.
            ticks: how many were, by how late they began.
        """
        counts = [wire.pack(count) for count in ticks]
        *groups, last = wire.grouped([wire.pack(name) for name in self._names()])
        self._backlog.extend(wire.pack_lists(("health", True, late_ms, missed_ticks), group, []) for group in groups)
        self._backlog.append(wire.pack_lists(("health", False, late_ms, missed_ticks), last, counts))

    def tell_qualities(self) -> None:
        """Tell how good those legs sound that were judged since the last call."""
        told = [wire.pack((name, *wire.quality_values(quality))) for name, quality in self._qualities()]
        self._backlog.extend(wire.pack_lists(("quality",), group) for group in wire.grouped(told) if group)

    def say_whether_full(self, full: bool, p95_s: float) -> None:
        """Tell that this worker has become too busy for new calls, or is so no more.

        Args:
            full: which of them.
            p95_s: by when after their time 95 of 100 ticks were done.
        """
        self._full = full
        level = _log.warning if full else _log.info
        level("worker.full" if full else "worker.has-room", ticks_done_after_ms=round(1000 * p95_s, 1))
        self._backlog.append(wire.pack(("full", full)))

    def _take(self, message: wire.Values) -> None:
        if message[0] == "do":
            self._outbox.forget(message[1])
            for command in message[2]:
                self._obey(command)
        elif message[0] == "hello":
            self._greet(message[1], message[2])
        else:
            _log.error("message.refused", name=message[0])

    def _obey(self, command: wire.Values) -> None:
        """Carry out one command; one that cannot be understood, perhaps of a newer brain, harms no other leg."""
        try:
            self._execute(command)
        except (MediaError, TypeError, ValueError, LookupError) as error:
            name, subject, *_ = (*command, "", "")
            concerned = "conversation_id" if name == "room" else "leg"
            _log.error("command.failed", command=str(name), error=str(error), **{concerned: str(subject)})

    def _greet(self, protocol: int, product: str) -> None:
        """A brain has started: tell it everything, and again what the one before it had not acknowledged."""
        _log.info("brain.connected", protocol=protocol, product=product)
        self._backlog.append(self._hello)
        if self._ahead is not None:
            self._tell_ahead(self._ahead.everything())
        legs = [wire.pack(wire.leg_state_values(state)) for state in self._states()]
        rooms = [wire.pack((room, wire.hear_values(rows))) for room, rows in self._rooms()]
        for group in wire.grouped(rooms):
            self._backlog.append(wire.pack_lists(("state", True), [], group))
        *groups, last = wire.grouped(legs)
        self._backlog.extend(wire.pack_lists(("state", True), group, []) for group in groups)
        self._backlog.append(wire.pack_lists(("state", False), last, []))
        self._backlog.append(wire.pack(("full", self._full)))
        self._queue_events(self._outbox.everything())

    def _tell_ahead(self, ports: Told) -> None:
        if ports:
            self._backlog.append(wire.pack(("ahead", ports)))

    def _queue_events(self, packed: Sequence[bytes]) -> None:
        self._backlog.extend(wire.pack_lists(("events",), group) for group in wire.grouped(packed) if group)
