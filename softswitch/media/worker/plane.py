"""The media plane of one worker: what a brain's commands, the ticks and the sockets do to its legs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from softswitch.core.clock import Clock
from softswitch.core.errors import MediaError
from softswitch.core.ids import Entropy
from softswitch.media.engine import (
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    LegState,
    LegStatistics,
    MediaEvent,
    OpenLeg,
    Playing,
    Quality,
    Recording,
    Srtp,
    Stream,
)
from softswitch.media.worker.guard import Guard
from softswitch.media.worker.guarded_io import GuardedBackend
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.ledger import Ledger, Out
from softswitch.media.worker.leg import Leg, ReportState
from softswitch.media.worker.mixing.desk import Desk
from softswitch.media.worker.players import DEFAULT_COUNTRY, Players
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.ports_ahead import PortsAhead
from softswitch.media.worker.quality import QualityMeter
from softswitch.media.worker.reception import Reception
from softswitch.media.worker.reports import Reports
from softswitch.media.worker.rooms import Rooms
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import FRAME_TICKS, TICK_US, Rows, To
from softswitch.media.worker.silence import SilenceWatch
from softswitch.media.worker.sockets import bind_pair
from softswitch.media.worker.sweep import Sweeper
from softswitch.media.worker.taps import Recorders, Taps
from softswitch.media.worker.ticker import Ticker
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)


class Poller(Protocol):
    """Tells when a socket has something to read."""

    def watch(self, sock: socket.socket, on_readable: Callable[[], None]) -> None:
        """Call ``on_readable`` as often as the socket has something to read."""
        ...

    def unwatch(self, sock: socket.socket) -> None:
        """Stop that; a socket that is not watched is fine."""
        ...

    def forget(self, sock: socket.socket) -> None:
        """Stop that for a socket that is closed before anything else is opened."""
        ...


class MediaPlane:
    """All legs of one worker.

    Args:
        state: the rows; as many as there are port pairs.
        ports: the worker's slice.
        backend: sweeps ``state``.
        poller: watches catch-alls and report ports.
        clock: both faces.
        entropy: for SSRCs, first sequence numbers and names.
        emit: takes events.
        country: whose tones legs hear: RU, EU or US.
        recorders: where recorders come from.
        ahead: ports that are held ready.
    """

    def __init__(
        self,
        state: Rows,
        ports: PortPool,
        backend: IoBackend,
        poller: Poller,
        *,
        clock: Clock,
        entropy: Entropy,
        emit: Callable[[MediaEvent], None],
        country: str = DEFAULT_COUNTRY,
        recorders: Recorders | None = None,
        ahead: PortsAhead | None = None,
    ) -> None:
        self._state = state
        self._ahead = ahead or PortsAhead(ports)
        self._ports = ports
        self._backend = backend = GuardedBackend(state, backend)
        self._poller = poller
        self._clock = clock
        self._entropy = entropy
        self._emit = emit
        self._legs: dict[str, Leg] = {}
        self._leg_by_row: dict[int, Leg] = {}
        self._closing: list[tuple[Leg, LegClosed | None]] = []
        self._retired: list[socket.socket] = []
        self._flooded: list[Leg] = []
        routes = Routes(state)
        self._ledger = Ledger(state)
        self._desk = Desk(state, self._ledger, backend, lambda row, packet: self._reception.send_unlatched(row, packet))
        self._rooms = Rooms(self._legs, state, routes, self._desk)
        self._taps = Taps(state, self._legs, recorders, emit)
        self._players = Players(self._desk.rate_for, self._rooms.hear_track, emit, country)
        self._quality = QualityMeter(state, self._ledger, lambda row: int(self._desk.ring.late[row]))
        self._reports = Reports(state, self._ledger, clock, entropy, self._quality)
        self._reception = Reception(
            state,
            self._rooms,
            routes,
            self._ledger,
            self._reports,
            backend,
            leg_of=self._leg_by_row.__getitem__,
            descriptors=self,
            emit=emit,
            press=self._players.press,
        )
        relay = self._reception.relay
        self._ticker = Ticker(
            Sweeper(state, backend, relay),
            relay,
            self._ledger,
            self._rooms,
            self._desk,
            self._players,
            self._taps,
            self._reports,
            SilenceWatch(self._leg_by_row, self._ledger, emit),
            leg_by_row=self._leg_by_row,
            emit=emit,
            upkeep=self._keep_up,
        )

    def __len__(self) -> int:
        return len(self._legs) + len(self._closing)

    @property
    def pace(self) -> int:
        """How many ticks there are from one that is needed to the next; 0 while none is.

        While no phone has sent anything there is nothing to sweep, and a look at the clock each frame is enough.
        """
        if not len(self) and not self._taps.waiting:
            return 0
        return 1 if self._state.connected else FRAME_TICKS

    def open(self, order: OpenLeg) -> None:
        """Bind a leg's ports, or say again where they are."""
        leg = self._legs.get(order.leg)
        if leg is None:
            try:
                leg = self._make(order)
            except MediaError as error:
                self._emit(LegRefused(order.leg, str(error)))
                return
        self._emit(LegOpened(leg.name, leg.address, leg.port))

    def set_stream(self, name: str, stream: Stream) -> None:
        """Say where a leg's sound comes from and goes to; a leg that is not there is passed over."""
        leg = self._legs.get(name)
        if leg is None or leg.stream == stream:
            return
        self._set_guard(leg, stream.srtp)
        leg.stream = stream
        leg.alive_at = self._clock.monotonic()
        if leg.latch.aim(stream.address, stream.port, stream.sip_source, now=self._clock.monotonic()):
            self.retire(leg)
            leg.reports.source = None
        self._state.period[leg.row] = max(1, 1000 * stream.ptime_ms // TICK_US)
        if stream.formats:
            self._state.clock_hz[leg.row] = stream.formats[0].clock_rate_hz
        self._rooms.refresh(leg)
        self._taps.refresh(leg)
        self._ticker.choose_who_sees_sound()

    def _set_guard(self, leg: Leg, keys: Srtp | None) -> None:
        if keys is None:
            leg.guard = None
        elif leg.guard is None:
            leg.guard = Guard(keys, leg.tally)
        else:
            leg.guard.follow(keys)
        self._backend.guard(leg.row, leg.guard)

    def set_room(self, room: str, rows: Sequence[Hear]) -> None:
        """Say who hears whom."""
        self._rooms.set_room(room, rows)

    def play(self, name: str, playing: Playing | None) -> None:
        """Let a leg hear something; a leg that is not there is passed over."""
        leg = self._legs.get(name)
        if leg is not None and playing is not None:
            self._players.play(leg, playing)
        elif leg is not None:
            self._players.stop(leg)

    def press(self, name: str, digits: str) -> None:
        """Send a leg keys; a leg that is not there is passed over."""
        leg = self._legs.get(name)
        if leg is not None:
            self._players.press(leg, digits)

    def record(self, recording: Recording) -> None:
        """Record what phones say, or follow what has changed of that."""
        self._taps.record(recording)
        self._ticker.choose_who_sees_sound()

    def end_recording(self, recording: str, ended_us: int, about: str) -> None:
        """End a recording at a monotonic time."""
        self._taps.end(recording, ended_us, about)
        self._ticker.choose_who_sees_sound()

    def close(self, name: str, *, quiet: bool = False) -> None:
        """Give a leg's ports back, at the latest when this turn of the loop is over.

        Args:
            name: the leg.
            quiet: without an event.
        """
        leg = self._legs.pop(name, None)
        if leg is None:
            if not quiet and all(closing.name != name for closing, _ in self._closing):
                self._emit(LegClosed(name, LegStatistics()))
            return
        self._reports.say_goodbye(leg)
        self._players.drop(leg)
        leg.stream, leg.closed = None, True
        self._rooms.drop(leg)
        self._desk.drop(leg.row)
        self._taps.drop(leg)
        self._backend.guard(leg.row, None)
        self._poller.forget(leg.catch_all)
        self._poller.forget(leg.reports_socket)
        self.retire(leg)
        self._closing.append((leg, None if quiet else LegClosed(name, self._statistics(leg))))

    def retire(self, leg: Leg) -> None:
        """Take a leg's connected socket out of the sweep; it is closed when the turn is over."""
        self._backend.detach(leg.row)
        self._state.disconnect(leg.row)
        if leg.twin is not None:
            self._retired.append(leg.twin)
            leg.twin = None

    def finish_turn(self) -> None:
        """Relay what came outside the sweep since the last turn, then close what was retired.

        This is the only place that closes a descriptor, never in the middle of a sweep.
        """
        if self._reception.waits:
            self._reception.relay_waiting(now=self._clock.monotonic())
        for sock in self._retired:
            sock.close()
        self._retired.clear()
        for leg, event in self._closing:
            leg.catch_all.close()
            leg.reports_socket.close()
            del self._leg_by_row[leg.row]
            self._state.give_back(leg.row)
            self._ports.give_back(leg.port)
            if event is not None:
                self._emit(event)
        self._closing.clear()

    def tick(self, number: int, *, missed: int) -> None:
        """Make one tick.

        Args:
            number: of this tick.
            missed: how many ticks before it were not made.
        """
        self._ticker.tick(number, now=self._clock.monotonic(), missed=missed)

    def _keep_up(self) -> None:
        self._end_pauses()
        self._retire_broken()

    def statistics(self, name: str) -> LegStatistics:
        """Return what a leg's RTP did so far.

        Raises:
            KeyError: there is no such leg.
        """
        return self._statistics(self._legs[name])

    def qualities(self) -> list[tuple[str, Quality]]:
        """Return how good the legs sound that were judged since the last call, where something can be said."""
        return self._reports.take_judged()

    def names(self) -> list[str]:
        """Return the legs."""
        return list(self._legs)

    def states(self) -> list[LegState]:
        """Return what there is of each leg, for a brain that says hello."""
        return [
            LegState(leg.name, leg.conversation_id, leg.address, leg.port, leg.stream, leg.latch.source)
            for leg in self._legs.values()
        ]

    def rooms(self) -> list[tuple[str, tuple[Hear, ...]]]:
        """Return the rooms, for a brain that says hello."""
        return self._rooms.items()

    def _make(self, order: OpenLeg) -> Leg:
        self.finish_turn()
        self._ahead.note_use(order.address)
        bound = self._ahead.take(order.address, order.port) if order.port else bind_pair(order.address, self._ports)
        row = self._state.take()
        self._state.sending[row, To.SSRC] = self._entropy.number(32)
        self._ledger.open(row, sequence=self._entropy.number(16), timestamp=self._entropy.number(32))
        reports = ReportState(self._entropy.token(12))
        leg = Leg(
            order.leg,
            order.conversation_id,
            order.address,
            bound.port,
            row,
            bound.catch_all,
            bound.reports,
            reports,
        )
        self._legs[leg.name] = self._leg_by_row[row] = leg
        self._watch(leg)
        self._reports.begin(leg)
        self._rooms.welcome(leg)
        self._taps.refresh(leg)
        return leg

    def _watch(self, leg: Leg) -> None:
        self._poller.watch(leg.catch_all, lambda: self._receive(leg))
        self._poller.watch(leg.reports_socket, lambda: self._receive_report(leg))

    def _receive(self, leg: Leg) -> None:
        if not self._reception.receive(leg, now=self._clock.monotonic()):
            self._pause(leg, leg.catch_all)

    def _receive_report(self, leg: Leg) -> None:
        if not self._reports.receive(leg):
            self._pause(leg, leg.reports_socket)

    def _pause(self, leg: Leg, sock: socket.socket) -> None:
        """Leave a flooded socket alone till the next upkeep."""
        self._poller.unwatch(sock)
        self._flooded.append(leg)

    def _end_pauses(self) -> None:
        flooded, self._flooded = self._flooded, []
        for leg in flooded:
            if not leg.closed:
                self._watch(leg)

    def _retire_broken(self) -> None:
        """Save what a defect of ours left: a row whose descriptor was closed elsewhere goes back to its catch-all."""
        for row in self._backend.broken():
            concerned = {"leg": self._leg_by_row[row].name} if row in self._leg_by_row else {}
            _log.error("row.broke", row=row, **concerned)
            if concerned:
                self.retire(self._leg_by_row[row])

    def _statistics(self, leg: Leg) -> LegStatistics:
        state, row, reports = self._state, leg.row, leg.reports
        counted, sent = self._ledger.counted(row), int(self._ledger.outgoing(row)[Out.SENT])
        mos_in, mos_out = self._quality.scores(leg, counted, sent)
        return LegStatistics(
            packets_received=counted.received,
            octets_received=counted.octets,
            packets_sent=sent,
            packets_lost=counted.lost,
            jitter_ms=_rounded(1000 * counted.jitter_rtp / int(state.clock_hz[row])),
            packets_refused=int(state.refused[row]),
            packets_lost_by_phone=reports.lost_by_phone,
            round_trip_ms=_rounded(1000 * reports.round_trip_s),
            packets_forged=leg.tally.forged,
            packets_replayed=leg.tally.replayed,
            packets_late=int(self._desk.ring.late[row]),
            mos_in=mos_in,
            mos_out=mos_out,
        )


def _rounded(value_ms: float) -> float:
    """Round to microseconds; of the many that are 0, without the long way that rounding is."""
    return round(value_ms, 3) if value_ms else 0.0
