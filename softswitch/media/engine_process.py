"""The media plane as the brain drives it: worker processes at the other ends of socket pairs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Final

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import (
    Hear,
    LegClosed,
    LegRefused,
    LegState,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    Stream,
    WorkerLost,
    WorkerState,
)

_SEND_BUFFER_OCTETS: Final = 4 << 20
_UNACKNOWLEDGED: Final = 64
"""Events after which an acknowledgement is sent on its own account; fewer go along with the next notes."""


class _Worker:
    """One worker as the brain knows it: its socket, its notes of this turn, its legs."""

    __slots__ = (
        "acknowledged",
        "backlog",
        "conversations",
        "delivered",
        "instance",
        "journaled",
        "notes",
        "open",
        "parts",
        "product",
        "protocol",
        "sock",
    )

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.open = True
        self.instance = ""
        self.protocol = wire.PROTOCOL
        self.product = ""
        self.conversations: dict[str, str] = {}
        """Leg to conversation id."""
        self.notes: list[bytes] = []
        self.backlog: list[bytes] = []
        """Messages that the socket had no room for."""
        self.delivered = 0
        """Number of the last event that was handed to the brain."""
        self.journaled = 0
        """Number of the last event that the brain has kept."""
        self.acknowledged = 0
        """Number of the last event that the worker was told it may forget."""
        self.parts: tuple[list[LegState], list[tuple[str, tuple[Hear, ...]]]] = ([], [])

    @property
    def takes_legs(self) -> bool:
        """Whether new legs may be placed here: a worker of another protocol is drained."""
        return self.open and self.protocol == wire.PROTOCOL


class WorkerEngine:
    """Implements :class:`softswitch.media.engine.MediaEngine` over worker processes.

    Watch each of ``sockets`` for reading and call :meth:`readable` with its place in the sequence; events are
    delivered from there. What no worker is left to answer is answered at the end of :meth:`flush` through ``soon``.

    Args:
        sockets: one SOCK_SEQPACKET socket a worker.
        on_event: takes each event, in the order of its worker.
        on_state: takes what a worker holds, after this engine said hello to it.
        soon: runs a function in the next turn of the loop (``loop.call_soon``); without it the function runs at once.
        on_blocked: told of a worker whose socket is full; call :meth:`writable` when there is room again (flushes
            and incoming events try again too).
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        on_event: Callable[[MediaEvent], None],
        *,
        on_state: Callable[[WorkerState], None] | None = None,
        soon: Callable[[Callable[[], None]], object] | None = None,
        on_blocked: Callable[[int], None] | None = None,
    ) -> None:
        self._workers = [_Worker(sock) for sock in sockets]
        self._on_event = on_event
        self._on_state = on_state
        self._soon = soon if soon is not None else _at_once
        self._on_blocked = on_blocked
        self._conversations: dict[str, tuple[_Worker, int]] = {}
        """Conversation id to its worker and its number of legs there."""
        self._legs: dict[str, _Worker] = {}
        self._rooms: dict[str, _Worker] = {}
        self._made_up: list[MediaEvent] = []
        """Answers that no worker is left to give."""
        for worker in self._workers:
            _prepare(worker.sock)
            worker.backlog.append(wire.pack(("hello", wire.PROTOCOL, wire.PRODUCT)))
            self._drain(worker)

    def open(self, leg: OpenLeg) -> None:
        """Ask for a port on the worker of the leg's conversation, or on the one with the fewest legs."""
        worker = self._legs.get(leg.leg) or self._place(leg.conversation_id)
        if worker is None:
            self._made_up.append(LegRefused(leg.leg, "no-worker"))
            return
        self._adopt(leg.leg, leg.conversation_id, worker)
        worker.notes.append(wire.pack(wire.open_command(leg)))

    def set_stream(self, leg: str, stream: Stream) -> None:
        """Say where the leg's sound comes from and goes to."""
        worker = self._legs.get(leg)
        if worker is not None:
            worker.notes.append(wire.pack(wire.stream_command(leg, stream)))

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a room; its worker is that of its legs."""
        worker = next((self._legs[row.listener] for row in rows if row.listener in self._legs), None)
        before = self._rooms.pop(room, None)
        if before is not None and before is not worker:
            before.notes.append(wire.pack(wire.room_command(room, ())))
        if worker is not None:
            self._rooms[room] = worker
            worker.notes.append(wire.pack(wire.room_command(room, rows)))

    def close(self, leg: str) -> None:
        """Give the port back; of a leg that no worker holds, any worker says so."""
        worker = self._legs.get(leg) or next((one for one in self._workers if one.open), None)
        if worker is not None:
            worker.notes.append(wire.pack(wire.close_command(leg)))
        else:
            self._made_up.append(LegClosed(leg, LegStatistics()))

    def flush(self) -> None:
        """Send this turn's notes, one message a worker."""
        for worker in self._workers:
            if worker.notes or worker.journaled - worker.acknowledged >= _UNACKNOWLEDGED:
                self._queue_notes(worker)
            if worker.backlog:
                self._drain(worker)
        if self._made_up:
            self._soon(self._deliver_made_up)

    def acknowledge(self) -> None:
        """Note that all events delivered so far are journaled; the next flush tells the workers."""
        for worker in self._workers:
            worker.journaled = worker.delivered

    def open_legs(self) -> frozenset[str]:
        """Return the legs that hold a port, as far as the brain knows."""
        return frozenset(self._legs)

    def readable(self, index: int) -> None:
        """Read what a worker sent and deliver it."""
        worker = self._workers[index]
        while worker.open:
            try:
                data = worker.sock.recv(wire.RECEIVE_OCTETS)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                worker.open = False
                self._lose(worker)
                return
            self._take(worker, wire.unpack(data))
        if worker.backlog:
            self._drain(worker)

    def writable(self, index: int) -> None:
        """Try again to send what a full socket did not take."""
        self._drain(self._workers[index])

    def protocol_of(self, index: int) -> tuple[int, str]:
        """Return the protocol and the product that a worker's hello named."""
        worker = self._workers[index]
        return worker.protocol, worker.product

    def _take(self, worker: _Worker, message: wire.Values) -> None:
        if message[0] == "events":
            self._take_events(worker, message[1])
        elif message[0] == "hello":
            self._take_hello(worker, *message[1:5])
        elif message[0] == "state":
            self._take_state(worker, *message[1:4])
        else:
            raise MediaError(f"a worker sent a message named {message[0]}")

    def _take_events(self, worker: _Worker, events: wire.Values) -> None:
        for number, *values in events:
            if number <= worker.delivered:
                continue
            worker.delivered = number
            event = wire.event_of(tuple(values))
            if isinstance(event, LegClosed | LegRefused):
                self._release(event.leg)
            self._on_event(event)

    def _take_hello(self, worker: _Worker, protocol: int, product: str, _number: int, instance: str) -> None:
        if worker.instance not in ("", instance):
            self._lose(worker)
        if worker.instance != instance:
            worker.delivered = worker.journaled = worker.acknowledged = 0
        worker.instance, worker.protocol, worker.product = instance, protocol, product

    def _take_state(self, worker: _Worker, more: object, legs: wire.Values, rooms: wire.Values) -> None:
        known_legs, known_rooms = worker.parts
        known_legs += [wire.leg_state_of(values) for values in legs]
        known_rooms += [(room, wire.hears_of(rows)) for room, rows in rooms]
        if more:
            return
        worker.parts = ([], [])
        for leg in known_legs:
            if leg.leg not in self._legs:
                self._adopt(leg.leg, leg.conversation_id, worker)
        self._rooms.update((room, worker) for room, _ in known_rooms)
        if self._on_state is not None:
            index = self._workers.index(worker)
            self._on_state(WorkerState(index, worker.protocol, worker.product, tuple(known_legs), tuple(known_rooms)))

    def _place(self, conversation_id: str) -> _Worker | None:
        home = self._conversations.get(conversation_id)
        if home is not None and home[0].open:
            return home[0]
        able = [worker for worker in self._workers if worker.takes_legs]
        return min(able, key=lambda worker: len(worker.conversations)) if able else None

    def _adopt(self, leg: str, conversation_id: str, worker: _Worker) -> None:
        if leg in self._legs:
            return
        self._legs[leg] = worker
        worker.conversations[leg] = conversation_id
        _, count = self._conversations.get(conversation_id, (worker, 0))
        self._conversations[conversation_id] = (worker, count + 1)

    def _release(self, leg: str) -> None:
        worker = self._legs.pop(leg, None)
        if worker is None:
            return
        conversation_id = worker.conversations.pop(leg)
        home, count = self._conversations[conversation_id]
        if count > 1:
            self._conversations[conversation_id] = (home, count - 1)
        else:
            del self._conversations[conversation_id]

    def _lose(self, worker: _Worker) -> None:
        """The worker's process is gone. One started in its place may read what was meant for it, so it forgets that."""
        lost = tuple(worker.conversations)
        worker.notes = [wire.pack(wire.forget_command(leg)) for leg in lost] if worker.open else []
        for leg in lost:
            self._release(leg)
        self._rooms = {room: home for room, home in self._rooms.items() if home is not worker}
        self._on_event(WorkerLost(self._workers.index(worker), lost))

    def _queue_notes(self, worker: _Worker) -> None:
        notes, worker.notes = worker.notes, []
        if not worker.open:
            return
        worker.acknowledged = worker.journaled
        head = ("do", worker.acknowledged)
        worker.backlog += [wire.pack_lists(head, group) for group in wire.grouped(notes)]

    def _drain(self, worker: _Worker) -> None:
        while worker.open and worker.backlog:
            try:
                worker.sock.send(worker.backlog[0])
            except BlockingIOError:
                if self._on_blocked is not None:
                    self._on_blocked(self._workers.index(worker))
                return
            except OSError:
                # The end of the socket is read as well, and :meth:`readable` tells of the loss, once.
                return
            del worker.backlog[0]

    def _deliver_made_up(self) -> None:
        made_up, self._made_up = self._made_up, []
        for event in made_up:
            self._on_event(event)


def _at_once(function: Callable[[], None]) -> None:
    function()


def _prepare(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_OCTETS)
