"""Packets that come outside the sweep: from phones not yet latched, and from strangers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from softswitch.core.errors import RtpError
from softswitch.media.engine import LegLatched, MediaEvent
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.latching import Endpoint, Verdict
from softswitch.media.worker.ledger import In, Ledger
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.relay import Relay
from softswitch.media.worker.reports import Reports
from softswitch.media.worker.rooms import Rooms
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import HEADER_OCTETS, UNKNOWN, Rows
from softswitch.media.worker.sockets import bind_twin, connect_and_drain, receive_from
from softswitch.rtp.packet import looks_like_rtcp

_HEADER: Final = struct.Struct("!BBHII")
_MOST_AT_ONCE: Final = 32
"""Packets taken from a catch-all before it is left alone for a while: strangers must not keep the worker busy."""
_MOST_WAITING: Final = 4


class Descriptors(Protocol):
    """Who closes sockets, once no sweep can touch them."""

    def retire(self, leg: Leg) -> None:
        """Take the leg's connected socket out of the sweep and close it when that is safe."""
        ...


class Reception:
    """Judges packets on catch-alls, latches legs, and feeds the relay with what is the phones'.

    Args:
        state: the rows.
        rooms: told when a leg is latched.
        routes: who hears whom.
        ledger: counts what came and went.
        reports: takes RTCP that shares the RTP port.
        backend: gets the connected sockets.
        leg_of: finds the leg of a row.
        descriptors: closes sockets.
        emit: takes events.
        press: sends a leg keys.
    """

    def __init__(
        self,
        state: Rows,
        rooms: Rooms,
        routes: Routes,
        ledger: Ledger,
        reports: Reports,
        backend: IoBackend,
        *,
        leg_of: Callable[[int], Leg],
        descriptors: Descriptors,
        emit: Callable[[MediaEvent], None],
        press: Callable[[Leg, str], None],
    ) -> None:
        self._state = state
        self._rooms = rooms
        self._ledger = ledger
        self._reports = reports
        self._backend = backend
        self._leg_of = leg_of
        self._descriptors = descriptors
        self._emit = emit
        self._press = press
        self._waiting: dict[int, list[bytes]] = {}
        self.relay = Relay(
            state,
            routes,
            ledger,
            backend,
            on_event=self._take_event,
            on_report=self._take_report,
            on_strange=lambda row, payload_type: rooms.meet_strange(leg_of(row), payload_type),
            send_unlatched=self.send_unlatched,
        )

    def receive(self, leg: Leg, *, now: float) -> bool:
        """Take what waits at a leg's catch-all; False when there is more than is good."""
        for _ in range(_MOST_AT_ONCE):
            received = receive_from(leg.catch_all)
            if received is None:
                return True
            packet, sender = self._opened(leg, received[0]), received[1]
            if not packet:
                self._state.refused[leg.row] += 1
            elif sender == leg.latch.source:
                self._waiting.setdefault(leg.row, []).append(packet)
            else:
                self._judge(leg, packet, sender, now=now)
        return False

    @staticmethod
    def _opened(leg: Leg, packet: bytes) -> bytes:
        """Return a packet as it is, or decrypted; empty where the leg is encrypted and it is not the phone's."""
        if leg.guard is None:
            return packet
        opened = leg.guard.open_report(packet) if looks_like_rtcp(packet) else leg.guard.open(packet)
        return opened or b""

    @property
    def waits(self) -> bool:
        """Whether anything was taken since the last call of :meth:`relay_waiting`."""
        return bool(self._waiting)

    def relay_waiting(self, *, now: float) -> None:
        """Relay what was taken since the last call, for all legs together: at a burst of new legs that saves much.

        Of a leg whose packets have piled up only the newest are worth sending.
        """
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            self.relay.take({row: packets[-_MOST_WAITING:] for row, packets in waiting.items()}, now=now)

    def _judge(self, leg: Leg, packet: bytes, sender: Endpoint, *, now: float) -> None:
        if looks_like_rtcp(packet):
            self._take_shared_report(leg, packet, sender)
            return
        if len(packet) <= HEADER_OCTETS:
            self._state.refused[leg.row] += 1
            return
        first, second, sequence, _, ssrc = _HEADER.unpack_from(packet)
        if first >> 6 != 2 or self._state.kinds[leg.row, second & 0x7F] == UNKNOWN:
            self._state.refused[leg.row] += 1
            return
        heard_at = partial(self._heard_at, leg.row)
        verdict = leg.latch.judge(sender, ssrc, sequence, now=now, heard_at=heard_at)
        if verdict is Verdict.REFUSED:
            self._state.refused[leg.row] += 1
            return
        waiting = self._waiting.setdefault(leg.row, [])
        waiting.append(packet)
        if verdict is Verdict.LATCHED:
            waiting.extend(filter(None, (self._opened(leg, found) for found in self._latch(leg, sender))))

    def _heard_at(self, row: int) -> float:
        return float(self._ledger.incoming(row)[In.HEARD_AT_US]) / 1e6

    def _take_shared_report(self, leg: Leg, packet: bytes, sender: Endpoint) -> None:
        if leg.stream is not None and not leg.stream.rtcp_port:
            self._reports.take(leg, packet, sender[0])
        else:
            self._state.refused[leg.row] += 1

    def _latch(self, leg: Leg, source: Endpoint) -> list[bytes]:
        """Connect the leg's twin to the phone and let its row join the sweep; return the phone's packets found in it.

        Where the system refuses the twin, the leg goes on by its catch-all: slower, but heard.
        """
        state, row = self._state, leg.row
        self._backend.detach(row)
        state.disconnect(row)
        packets: list[bytes] = []
        try:
            if leg.twin is None:
                leg.twin = bind_twin(leg.catch_all)
            packets, foreign = connect_and_drain(leg.twin, source)
            state.refused[row] += foreign
            self._backend.attach(row, leg.twin)
            state.connect(row)
        except OSError:
            self._descriptors.retire(leg)
        self._rooms.refresh(leg)
        self._emit(LegLatched(leg.name, *source))
        return packets

    def _take_event(self, row: int, payload: bytes, timestamp: int, ssrc: int, marker: bool) -> None:
        leg = self._leg_of(row)
        if not leg.may_receive:
            return
        try:
            digit = leg.events.receive(payload, timestamp=timestamp, ssrc=ssrc, marker=marker)
        except RtpError:
            self._state.refused[row] += 1
            return
        if digit:
            self._emit(leg.pressed(digit))
            for listener in self._rooms.without_events_of(leg):
                self._press(listener, digit)

    def _take_report(self, row: int, packet: bytes) -> None:
        leg = self._leg_of(row)
        if leg.latch.source is not None:
            self._take_shared_report(leg, packet, leg.latch.source)

    def send_unlatched(self, row: int, packet: bytes) -> bool:
        """Send a packet to a phone that is not latched; False when that failed."""
        leg = self._leg_of(row)
        destination = leg.latch.destination
        sealed = packet if leg.guard is None else leg.guard.seal(packet)
        if destination is None or sealed is None:
            return False
        try:
            leg.catch_all.sendto(sealed, destination)
        except OSError:
            return False
        return True
