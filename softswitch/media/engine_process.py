"""The media plane as the brain drives it: worker processes at the other ends of socket pairs."""

from __future__ import annotations

import operator
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.agreement import Agreement, health_of
from softswitch.media.engine import (
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    Playing,
    Quality,
    Recording,
    RecordingEnded,
    Stream,
    WorkerLost,
    WorkerState,
)
from softswitch.media.foretold import Foretold
from softswitch.media.links import PREFIX, Links
from softswitch.media.worker_health import WorkerHealth
from softswitch.media.worker_link import UNACKNOWLEDGED, WorkerLink


class WorkerEngine:
    """Implements :class:`softswitch.media.engine.MediaEngine` over worker processes.

    A new conversation goes to the worker with the fewest legs that is not too busy; while all are, its leg is refused
    with ``overload``. Conversations that there are get more legs all the same.

    Watch each worker's socket for reading and call :meth:`readable` with its number; events are delivered from there.
    A leg that no worker can take now waits for the next one. What no worker is left to answer is answered at the end
    of :meth:`flush` through ``soon``.

    Args:
        sockets: one SOCK_SEQPACKET socket a worker, numbered from 0; others come by :meth:`add`.
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
        self._workers: dict[int, WorkerLink] = {}
        self._on_event = on_event
        self._on_state = on_state
        self._soon = soon or operator.call
        self._on_blocked = on_blocked
        self._conversations: dict[str, tuple[WorkerLink, int]] = {}
        """Conversation id to its worker and its number of legs there."""
        self._legs: dict[str, WorkerLink] = {}
        self._qualities: dict[str, Quality] = {}
        """By leg, how good it sounds, as its worker told last."""
        self._rooms: dict[str, tuple[WorkerLink, ...]] = {}
        self._links = Links(self)
        self._foretold = Foretold()
        self._agreement = Agreement(self._links, self._release, on_event, self.flush)
        self._made_up: list[MediaEvent] = []
        """Answers that no worker is left to give."""
        self._waiting: dict[str, OpenLeg] = {}
        """Legs that no worker could take."""
        self._recordings: dict[str, set[int]] = {}
        """Numbers of the workers that each goes on in."""
        for number, sock in enumerate(sockets):
            self.add(number, sock)

    def add(self, number: int, sock: socket.socket) -> None:
        """Begin to use a worker; it may be about to start, or be as old as its legs."""
        worker = self._workers[number] = WorkerLink(number, sock)
        worker.drain(self._on_blocked)
        waiting, self._waiting = self._waiting, {}
        for leg in waiting.values():
            self.open(leg)

    def retire(self, numbers: Iterable[int]) -> None:
        """Place no further conversations on these workers; others take their place."""
        for number in numbers:
            if number in self._workers:
                self._workers[number].retiring = True

    def outdated(self) -> list[int]:
        """Return the workers that speak another protocol and are not retiring."""
        return [one.number for one in self._workers.values() if not one.retiring and one.protocol != wire.PROTOCOL]

    def retired(self) -> list[int]:
        """Return the retiring workers that have no leg any more."""
        return [one.number for one in self._workers.values() if one.retiring and not (one.conversations or one.backlog)]

    def open(self, leg: OpenLeg) -> None:
        """Ask for a port on the worker of the leg's conversation, or on the one with the fewest legs."""
        known = self._legs.get(leg.leg)
        worker = known or self._place(leg.conversation_id)
        if worker is None:
            self._put_off(leg)
            return
        port = 0 if known else worker.take_ahead(leg.address)
        self._order(worker, replace(leg, port=port) if port else leg)
        if port:
            self._foretold.tell(LegOpened(leg.leg, leg.address, port))

    def reclaim(self, leg: OpenLeg) -> bool:
        """Give a leg the port of its order again: an earlier brain took it, and died before it could say so."""
        for worker in self._workers.values():
            ports = worker.ahead.get(leg.address, [])
            if leg.port in ports:
                ports.remove(leg.port)
                self._order(worker, leg)
                self._foretold.expect(leg.leg)
                return True
        return False

    def take_ready(self) -> list[LegOpened]:
        """Return, once, the legs asked for in this turn whose ports were held ready."""
        return self._foretold.take_ready()

    def _order(self, worker: WorkerLink, leg: OpenLeg) -> None:
        self._adopt(leg.leg, leg.conversation_id, worker)
        worker.opening.add(leg.leg)
        worker.note(wire.open_command(leg))

    def set_stream(self, leg: str, stream: Stream) -> None:
        """Say where the leg's sound comes from and goes to."""
        worker = self._legs.get(leg)
        if worker is not None:
            worker.note(wire.stream_command(leg, stream))
            self._links.streamed(leg, stream)

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a room; those who live in different workers are linked."""
        names = dict.fromkeys(name for row in rows for name in (row.listener, *row.sources))
        home = {name: self._legs[name].number for name in names if name in self._legs}
        workers = tuple(self._workers[number] for number in dict.fromkeys(home.values()))
        for before in self._rooms.pop(room, ()):
            if before not in workers:
                before.note(wire.room_command(room, ()))
        if workers:
            self._rooms[room] = workers
        if len(workers) > 1:
            self._links.seat(room, rows, home)
            return
        self._links.part(room)
        for worker in workers:
            self.seat(worker.number, room, rows)

    # What links ask for

    def open_end(self, worker: int, order: OpenLeg) -> None:
        """Ask a worker for the port of a link's end."""
        self._adopt(order.leg, order.conversation_id, self._workers[worker])
        self._workers[worker].note(wire.open_command(order))

    def aim_end(self, worker: int, name: str, stream: Stream) -> None:
        """Say where an end's sound comes from and goes to."""
        self._workers[worker].note(wire.stream_command(name, stream))

    def close_end(self, worker: int, name: str) -> None:
        """Give an end's port back."""
        if worker in self._workers:
            self._workers[worker].note(wire.close_command(name))

    def seat(self, worker: int, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom in a worker's half of a room."""
        self._workers[worker].note(wire.room_command(room, rows))

    def play(self, leg: str, playing: Playing | None) -> None:
        """Let a leg hear something, or nothing more."""
        worker = self._legs.get(leg)
        if worker is not None:
            worker.note(wire.play_command(leg, playing))

    def send_keys(self, leg: str, digits: str) -> None:
        """Send a leg keys that its partner pressed."""
        worker = self._legs.get(leg)
        if worker is not None:
            worker.note(wire.press_command(leg, digits))

    def record(self, recording: Recording) -> None:
        """Record in each worker that has one of the legs; all of them write into one file."""
        legs = [leg for channel in recording.channels for leg in channel]
        having = {self._legs[leg].number for leg in legs if leg in self._legs}
        known = self._recordings.setdefault(recording.recording, set())
        known |= having
        for number in known & self._workers.keys():
            self._workers[number].note(wire.record_command(recording))

    def end_recording(self, recording: str, ended_us: int, about: str = "") -> None:
        """End a recording in all its workers; a brain that came later asks all."""
        having = self._recordings.pop(recording, set(self._workers)) & self._workers.keys()
        for number in having:
            self._workers[number].note(wire.end_recording_command(recording, ended_us, about))
        if not having:
            self._made_up.append(RecordingEnded(recording, "lost", 0.0, 0, 0.0))

    def close(self, leg: str) -> None:
        """Give the port back; of a leg that no worker holds, any worker says so."""
        waited = self._waiting.pop(leg, None)
        worker = self._legs.get(leg) or next(iter(self._workers.values()), None)
        if worker is not None and waited is None:
            worker.note(wire.close_command(leg))
        else:
            self._made_up.append(LegClosed(leg, LegStatistics()))

    def flush(self) -> None:
        """Send this turn's notes, one message a worker."""
        for worker in self._workers.values():
            if worker.notes or worker.backlog or worker.journaled - worker.acknowledged >= UNACKNOWLEDGED:
                worker.queue_notes()
                worker.drain(self._on_blocked)
        if self._made_up:
            self._soon(self._deliver_made_up)

    def acknowledge(self) -> None:
        """Note that all events delivered so far are journaled; the next flush tells the workers."""
        for worker in self._workers.values():
            worker.journaled = worker.delivered

    def quality_of(self, leg: str) -> Quality | None:
        """Return how good a leg sounds, as its worker told last."""
        return self._qualities.get(leg)

    def open_legs(self) -> frozenset[str]:
        """Return the legs that hold a port, as far as the brain knows."""
        return frozenset(leg for leg in self._legs if not leg.startswith(PREFIX))

    def readable(self, number: int) -> bool:
        """Read what a worker sent and deliver it; return whether the worker lives."""
        worker = self._workers[number]
        while True:
            try:
                data = worker.sock.recv(wire.RECEIVE_OCTETS)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._lose(worker)
                return False
            self._take(worker, wire.unpack(data))
        worker.drain(self._on_blocked)
        return True

    def writable(self, number: int) -> None:
        """Try again to send what a full socket did not take."""
        self._workers[number].drain(self._on_blocked)

    def protocol_of(self, number: int) -> tuple[int, str]:
        """Return the protocol and the product that a worker's hello named."""
        worker = self._workers[number]
        return worker.protocol, worker.product

    def _take(self, worker: WorkerLink, message: wire.Values) -> None:
        if message[0] == "events":
            if worker.greeted:
                self._take_events(worker, message[1])
        elif message[0] == "hello":
            worker.greeted, worker.ahead = True, {}
            worker.protocol, worker.product = message[1:3]
        elif message[0] == "health":
            self._agreement.take(worker, *message[1:6])
        elif message[0] == "quality":
            self._qualities.update((name, Quality(*values)) for name, *values in message[1] if name in self._legs)
        elif message[0] == "full":
            worker.full = bool(message[1])
        elif message[0] == "ahead":
            self._take_ahead(worker, message[1])
        elif message[0] == "state":
            self._take_state(worker, *message[1:4])
        else:
            raise MediaError(f"a worker sent a message named {message[0]}")

    def _take_events(self, worker: WorkerLink, events: wire.Values) -> None:
        linked = False
        for number, *values in events:
            if number <= worker.delivered:
                continue
            worker.delivered = number
            event = wire.event_of(tuple(values))
            if isinstance(event, LegClosed | LegRefused):
                self._release(event.leg)
            elif isinstance(event, LegOpened):
                worker.opening.discard(event.leg)
            elif isinstance(event, RecordingEnded):
                self._recordings.get(event.recording, set()).discard(worker.number)
            if self._links.takes(event):
                linked = True
            elif not self._foretold.takes(event):
                self._on_event(event)
        if linked:
            self.flush()

    def _take_ahead(self, worker: WorkerLink, told: wire.Values) -> None:
        for address, ports in told if worker.greeted else ():
            worker.ahead.setdefault(address, []).extend(ports)

    def health(self) -> list[WorkerHealth]:
        """Return how the workers do, as they told last."""
        return [health_of(worker) for worker in self._workers.values()]

    def _take_state(self, worker: WorkerLink, more: object, legs: wire.Values, rooms: wire.Values) -> None:
        known_legs, known_rooms = worker.parts
        known_legs += [wire.leg_state_of(values) for values in legs]
        known_rooms += [(room, wire.hears_of(rows)) for room, rows in rooms]
        if more:
            return
        worker.parts = ([], [])
        for leg in known_legs:
            if self._legs.get(leg.leg, worker) is not worker:  # it was slow to tell, and was given up
                worker.note(wire.forget_command(leg.leg))
            else:
                self._adopt(leg.leg, leg.conversation_id, worker)
        for room, _ in known_rooms:
            self._rooms[room] = tuple(dict.fromkeys((*self._rooms.get(room, ()), worker)))
        if self._on_state is not None:
            self._on_state(
                WorkerState(worker.number, worker.protocol, worker.product, tuple(known_legs), tuple(known_rooms))
            )

    def _place(self, conversation_id: str) -> WorkerLink | None:
        home = self._conversations.get(conversation_id)
        if home is not None and home[0].open:
            return home[0]
        able = [worker for worker in self._workers.values() if worker.takes_legs and not worker.full]
        return min(able, key=lambda worker: len(worker.conversations)) if able else None

    def _put_off(self, leg: OpenLeg) -> None:
        """Refuse a leg while all workers are too busy; where there is none, let it wait for one."""
        if any(worker.takes_legs for worker in self._workers.values()):
            self._made_up.append(LegRefused(leg.leg, "overload"))
        else:
            self._waiting[leg.leg] = leg

    def _adopt(self, leg: str, conversation_id: str, worker: WorkerLink) -> None:
        if leg in self._legs:
            return
        self._legs[leg] = worker
        worker.conversations[leg] = conversation_id
        _, count = self._conversations.get(conversation_id, (worker, 0))
        self._conversations[conversation_id] = (worker, count + 1)

    def _release(self, leg: str) -> None:
        worker = self._legs.pop(leg, None)
        self._qualities.pop(leg, None)
        if worker is None:
            return
        self._links.gone(leg)
        worker.opening.discard(leg)
        self._foretold.forget(leg)
        conversation_id = worker.conversations.pop(leg)
        home, count = self._conversations[conversation_id]
        if count > 1:
            self._conversations[conversation_id] = (home, count - 1)
        else:
            del self._conversations[conversation_id]

    def _lose(self, worker: WorkerLink) -> None:
        """The worker's process is gone; one that is started in its place comes by :meth:`add`."""
        worker.open = False
        del self._workers[worker.number]
        lost = tuple(worker.conversations)
        for leg in lost:
            self._release(leg)
        for room, homes in list(self._rooms.items()):
            left = tuple(home for home in homes if home is not worker)
            self._rooms[room] = left
            if not left:
                del self._rooms[room]
        self._links.worker_lost(worker.number)
        self._on_event(WorkerLost(worker.number, tuple(leg for leg in lost if not leg.startswith(PREFIX))))

    def _deliver_made_up(self) -> None:
        made_up, self._made_up = self._made_up, []
        for event in made_up:
            self._on_event(event)
