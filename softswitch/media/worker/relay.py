"""What happens to packets from the phones' sockets to the listeners' ones, for all legs of a sweep at once.

Each listener gets one stream with one SSRC of ours, whose sequence numbers and timestamps go on when its source
changes. A packet is rewritten where it lies and sent from there: relaying copies no payload.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from softswitch.media.worker.batch import Batch, Mask, Words, read_batch
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.odd import make_plain
from softswitch.media.worker.routes import NOBODY, Routes
from softswitch.media.worker.rows import (
    AUDIO,
    HEADER_OCTETS,
    NO_TYPE,
    PACKET_OCTETS,
    TELEPHONE_EVENT,
    Indices,
    Lengths,
    Rows,
)

TICK_S: Final = 0.005
_MOST_AHEAD: Final = 3000
_MOST_BEHIND: Final = 100  # both of RFC 3550 A.1: beyond them the sender has begun anew
_MARKER: Final = np.uint32(0x0080_0000)
_VERSION: Final = np.uint32(0x8000_0000)

EventHook = Callable[[int, bytes, int, int, bool], None]
"""Takes a telephone event's row, payload, timestamp, SSRC and marker."""
ReportHook = Callable[[int, bytes], None]
"""Takes the row and the octets of an RTCP compound that came to the RTP port (RFC 5761)."""
SendHook = Callable[[int, bytes], bool]
"""Sends a packet to the phone of a row that is not latched; False when that failed."""


class Relay:
    """The vectorised path of all packets, the same for a sweep of hundreds and for a single one.

    Args:
        state: the rows.
        routes: who hears whom.
        backend: by which packets to latched phones leave.
        on_event: sees telephone events.
        on_report: sees RTCP on RTP ports.
        send_unlatched: sends to phones that are not latched.
    """

    def __init__(
        self,
        state: Rows,
        routes: Routes,
        backend: IoBackend,
        *,
        on_event: EventHook,
        on_report: ReportHook,
        send_unlatched: SendHook,
    ) -> None:
        self._state = state
        self._routes = routes
        self._backend = backend
        self._on_event = on_event
        self._on_report = on_report
        self._send_unlatched = send_unlatched
        self._streams = 0

    def take(self, row: int, packet: bytes, *, now: float) -> None:
        """Take one packet that was received outside a sweep."""
        length = min(len(packet), PACKET_OCTETS)
        self._state.octets[row, :length] = np.frombuffer(packet, np.uint8, length)
        self.relay(np.array([row], np.intp), np.array([length], np.int64), now=now)

    def relay(self, rows: Indices, lengths: Lengths, *, now: float) -> None:
        """Relay the packets that lie in these rows.

        Args:
            rows: each row once.
            lengths: octets of each packet.
            now: monotonic seconds.
        """
        batch = read_batch(self._state, rows, lengths)
        plain = batch.plain()
        if not plain.all():
            batch = self._without_odd(batch, plain)
            if not batch.rows.size:
                return
        extended = self._account(batch, now)
        if (batch.kinds == TELEPHONE_EVENT).any():
            self._show_events(batch)
        for listeners in self._routes.rounds:
            self._forward(batch, extended, listeners[batch.rows], now)

    def _without_odd(self, batch: Batch, plain: Mask) -> Batch:
        """Make odd packets plain where that is possible, count and drop the others."""
        lengths = batch.lengths.copy()
        for place in np.flatnonzero(~plain).tolist():
            lengths[place] = self._odd(int(batch.rows[place]), int(lengths[place]))
        kept = lengths > 0
        return read_batch(self._state, batch.rows[kept], lengths[kept])

    def _odd(self, row: int, length: int) -> int:
        """Rewrite one odd packet as a plain one; return its new length, or 0 when nothing is left to relay."""
        octets = self._state.octets[row]
        if length >= PACKET_OCTETS:
            self._state.refused[row] += 1
            return 0
        packet = octets[:length].tobytes()
        made, report = make_plain(packet, self._state.kinds[row])
        if report:
            self._on_report(row, packet)
        elif not made:
            self._state.refused[row] += 1
        octets[: len(made)] = np.frombuffer(made, np.uint8)
        return len(made)

    def _account(self, batch: Batch, now: float) -> Lengths:
        """Count the packets and return their extended sequence numbers (RFC 3550 A.1)."""
        state, rows = self._state, batch.rows
        sequences = (batch.heads & 0xFFFF).astype(np.int64)
        highest = state.highest[rows]
        steps = ((sequences - highest + 0x8000) & 0xFFFF) - 0x8000
        fresh = (state.ssrc[rows] != batch.ssrcs) | (steps > _MOST_AHEAD) | (steps < -_MOST_BEHIND)
        if fresh.any():
            self._begin_streams(batch.only(fresh), sequences[fresh], now)
            highest[fresh] = sequences[fresh]
            steps[fresh] = 0
        extended = highest + steps
        state.highest[rows] = np.maximum(highest, extended)
        state.received_in_stream[rows] += 1
        state.received[rows] += 1
        state.received_octets[rows] += batch.lengths - HEADER_OCTETS
        state.heard_at[rows] = now
        self._measure_jitter(batch, now)
        return extended

    def _begin_streams(self, batch: Batch, sequences: Lengths, now: float) -> None:
        state, rows = self._state, batch.rows
        for row in rows.tolist():
            state.lost_before[row] = state.lost(row)
        state.ssrc[rows] = batch.ssrcs
        state.first[rows] = state.highest[rows] = sequences
        state.received_in_stream[rows] = 0
        state.stream[rows] = self._streams + 1 + np.arange(len(rows))
        self._streams += len(rows)
        state.transit[rows] = self._arrivals(rows, now) - batch.timestamps

    def _arrivals(self, rows: Indices, now: float) -> Words:
        """Return now in the rows' timestamp units, modulo 2**32."""
        return (now * self._state.clock_hz[rows]).astype(np.int64).astype(np.uint32)

    def _measure_jitter(self, batch: Batch, now: float) -> None:
        """Follow the jitter (RFC 3550 A.8) of the sound; telephone events stand still in time and tell nothing."""
        state, rows = self._state, batch.rows
        transit = self._arrivals(rows, now) - batch.timestamps
        deviation = np.abs((transit - state.transit[rows]).view(np.int32)).astype(np.float64)
        before = state.jitter[rows]
        sound = batch.kinds == AUDIO
        state.jitter[rows] = np.where(sound, before + (deviation - before) / 16, before)
        state.transit[rows] = np.where(sound, transit, state.transit[rows])

    def _show_events(self, batch: Batch) -> None:
        events = batch.only(batch.kinds == TELEPHONE_EVENT)
        for place, row in enumerate(events.rows.tolist()):
            payload = self._state.octets[row, HEADER_OCTETS : int(events.lengths[place])].tobytes()
            marker = bool(events.heads[place] & _MARKER)
            self._on_event(row, payload, int(events.timestamps[place]), int(events.ssrcs[place]), marker)

    def _forward(self, batch: Batch, extended: Lengths, listeners: Indices, now: float) -> None:
        """Send each packet to one listener of its source."""
        types = self._state.maps[listeners, batch.types]
        wanted = (listeners != NOBODY) & (types != NO_TYPE)
        if not wanted.all():
            batch, extended, listeners, types = batch.only(wanted), extended[wanted], listeners[wanted], types[wanted]
            if not listeners.size:
                return
        markers = batch.heads & _MARKER
        stale = self._state.out_stream[listeners] != self._state.stream[batch.rows]
        if stale.any():
            self._change_source(batch.only(stale), extended[stale], listeners[stale], now)
            # A new talkspurt for the listener's jitter buffer; on an event the marker means something else.
            markers |= np.where(stale & (batch.kinds == AUDIO), _MARKER, np.uint32(0))
        self._write_headers(batch, extended, listeners, markers | types.astype(np.uint32) << np.uint32(16), now)
        self._send(listeners, batch.rows, batch.lengths)

    def _change_source(self, batch: Batch, extended: Lengths, listeners: Indices, now: float) -> None:
        """Let the listeners' sequence numbers and timestamps go on where they stood, plus the time that has passed."""
        state = self._state
        state.out_stream[listeners] = state.stream[batch.rows]
        state.sequence_shift[listeners] = state.out_highest[listeners] + 1 - extended
        packet_s = state.period[batch.rows] * TICK_S
        passed_s = np.clip(now - state.out_at[listeners], packet_s, None)
        passed = (passed_s * state.out_clock_hz[listeners]).astype(np.int64).astype(np.uint32)
        state.timestamp_shift[listeners] = state.out_timestamp[listeners] + passed - batch.timestamps

    def _write_headers(
        self, batch: Batch, extended: Lengths, listeners: Indices, marks_and_types: Words, now: float
    ) -> None:
        state = self._state
        sequences = extended + state.sequence_shift[listeners]
        timestamps = batch.timestamps + state.timestamp_shift[listeners]
        words = np.empty((len(listeners), 3), ">u4")
        words[:, 0] = _VERSION | marks_and_types | (sequences & 0xFFFF).astype(np.uint32)
        words[:, 1] = timestamps
        words[:, 2] = state.out_ssrc[listeners]
        state.words[batch.rows] = words
        state.out_highest[listeners] = np.maximum(state.out_highest[listeners], sequences)
        sound = batch.kinds == AUDIO
        if sound.all():
            state.out_timestamp[listeners] = timestamps
            state.out_at[listeners] = now
        else:
            state.out_timestamp[listeners[sound]] = timestamps[sound]
            state.out_at[listeners[sound]] = now

    def _send(self, listeners: Indices, sources: Indices, lengths: Lengths) -> None:
        state = self._state
        state.sent[listeners] += 1
        state.sent_octets[listeners] += lengths - HEADER_OCTETS
        connected = state.connected[listeners]
        if connected.all():
            failed = self._backend.send(listeners, sources, lengths)
        else:
            failed = self._send_mixed(listeners, sources, lengths, connected)
        if failed.size:
            self._take_back(np.isin(listeners, failed), listeners, lengths)

    def _send_mixed(self, listeners: Indices, sources: Indices, lengths: Lengths, connected: Mask) -> Indices:
        places = zip(listeners.tolist(), sources.tolist(), lengths.tolist(), connected.tolist(), strict=True)
        failed = [
            listener
            for listener, source, length, fast in places
            if not fast and not self._send_unlatched(listener, self._state.octets[source, :length].tobytes())
        ]
        by_backend = self._backend.send(listeners[connected], sources[connected], lengths[connected])
        return np.concatenate((by_backend, np.array(failed, np.intp)))

    def _take_back(self, failed: Mask, listeners: Indices, lengths: Lengths) -> None:
        """Count as failed what was counted as sent before it was tried."""
        state, rows = self._state, listeners[failed]
        state.sent[rows] -= 1
        state.sent_octets[rows] -= lengths[failed] - HEADER_OCTETS
        state.send_failures[rows] += 1
