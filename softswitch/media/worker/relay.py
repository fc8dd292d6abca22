"""What happens to packets from the phones' sockets to the listeners' ones, for all legs of a sweep at once.

Each listener gets one stream with one SSRC of ours, whose sequence numbers and timestamps go on when its source
changes. A packet is rewritten where it lies and sent from there: relaying copies no payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from softswitch.media.worker.batch import Batch, Mask, Numbers, read_batch
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.odd import make_plain
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import (
    AUDIO,
    HEADER_OCTETS,
    NO_TYPE,
    PACKET_OCTETS,
    In,
    Indices,
    Lengths,
    Out,
    Rows,
)

TICK_S: Final = 0.005
_TICK_US: Final = 5000
_MOST_AHEAD: Final = 3000
_MOST_BEHIND: Final = 100  # both of RFC 3550 A.1: beyond them the sender has begun anew
_MARKER: Final = 0x0080_0000
_VERSION_AND_MARKER: Final = 0x8080_0000

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

    def take(self, waiting: Mapping[int, Sequence[bytes]], *, now: float) -> None:
        """Take packets that were received outside a sweep.

        Args:
            waiting: by row, its packets in the order in which they came.
            now: monotonic seconds.
        """
        for turn in range(max(map(len, waiting.values()), default=0)):
            lengths = {
                row: self._lay_down(row, packets[turn]) for row, packets in waiting.items() if turn < len(packets)
            }
            self.relay(np.array([*lengths], np.intp), np.array([*lengths.values()], np.int64), now=now)

    def _lay_down(self, row: int, packet: bytes) -> int:
        length = min(len(packet), PACKET_OCTETS)
        self._state.octets[row, :length] = np.frombuffer(packet, np.uint8, length)
        return length

    def relay(self, rows: Indices, lengths: Lengths, *, now: float) -> None:
        """Relay the packets that lie in these rows.

        Args:
            rows: each row once.
            lengths: octets of each packet.
            now: monotonic seconds.
        """
        batch = read_batch(self._state, rows, lengths)
        if not batch.all_plain():
            batch = self._without_odd(batch)
            if not batch.rows.size:
                return
        now_us = int(now * 1_000_000)
        sound = None if batch.kinds.max() == AUDIO else batch.kinds == AUDIO
        incoming = self._state.incoming.take(batch.rows, axis=0)
        extended = self._account(batch, incoming, sound, now_us)
        self._state.incoming[batch.rows] = incoming
        if sound is not None:
            self._show_events(batch.only(~sound))
        for listeners in self._routes.rounds:
            heard_by = listeners[batch.rows]
            self._forward(_Crossing(batch, extended, incoming[:, In.STREAM], heard_by, sound), now_us)

    def _without_odd(self, batch: Batch) -> Batch:
        """Make odd packets plain where that is possible, count and drop the others."""
        lengths = batch.lengths.copy()
        for place in np.flatnonzero(~batch.plain()).tolist():
            lengths[place] = self._odd(int(batch.rows[place]), int(lengths[place]))
        kept = lengths > 0
        return read_batch(self._state, batch.rows[kept], lengths[kept])

    def _odd(self, row: int, length: int) -> int:
        """Rewrite one odd packet as a plain one; return its new length, or 0 when nothing is left to relay."""
        octets = self._state.octets[row]
        if length >= PACKET_OCTETS:
            self._state.incoming[row, In.REFUSED] += 1
            return 0
        packet = octets[:length].tobytes()
        made, report = make_plain(packet, self._state.kinds[row])
        if report:
            self._on_report(row, packet)
        elif not made:
            self._state.incoming[row, In.REFUSED] += 1
        octets[: len(made)] = np.frombuffer(made, np.uint8)
        return len(made)

    def _account(self, batch: Batch, incoming: Numbers, sound: Mask | None, now_us: int) -> Numbers:
        """Count the packets in ``incoming`` and return their extended sequence numbers (RFC 3550 A.1).

        Args:
            batch: the packets.
            incoming: their rows' numbers, changed in place.
            sound: which of them are sound; None for all.
            now_us: monotonic microseconds.
        """
        sequences = batch.heads & 0xFFFF
        steps = ((sequences - incoming[:, In.HIGHEST] + 0x8000) & 0xFFFF) - 0x8000
        fresh = incoming[:, In.SSRC] != batch.ssrcs
        # One unsigned comparison for both ends: what is further behind wraps to the far end.
        fresh |= (steps + _MOST_BEHIND).view(np.uint64) > _MOST_AHEAD + _MOST_BEHIND
        if fresh.any():
            self._begin_streams(batch, incoming, fresh, now_us)
            steps[fresh] = 0
        extended: Numbers = incoming[:, In.HIGHEST] + steps
        np.maximum(incoming[:, In.HIGHEST], extended, out=incoming[:, In.HIGHEST])
        incoming[:, In.RECEIVED] += 1
        incoming[:, In.OCTETS] += batch.lengths
        incoming[:, In.HEARD_AT_US] = now_us
        self._measure_jitter(batch, incoming, sound, now_us)
        return extended

    def _begin_streams(self, batch: Batch, incoming: Numbers, fresh: Mask, now_us: int) -> None:
        begun = incoming[fresh]
        for numbers, row in zip(begun, batch.rows[fresh].tolist(), strict=True):
            numbers[In.LOST_BEFORE] = self._state.lost(row)
        begun[:, In.RECEIVED_BEFORE] += begun[:, In.RECEIVED]
        begun[:, In.RECEIVED] = 0
        begun[:, In.SSRC] = batch.ssrcs[fresh]
        begun[:, In.FIRST] = begun[:, In.HIGHEST] = batch.heads[fresh] & 0xFFFF
        begun[:, In.STREAM] = self._streams + 1 + np.arange(len(begun))
        self._streams += len(begun)
        begun[:, In.TRANSIT] = _in_units(now_us, begun[:, In.CLOCK_HZ]) - batch.timestamps[fresh]
        incoming[fresh] = begun

    def _measure_jitter(self, batch: Batch, incoming: Numbers, sound: Mask | None, now_us: int) -> None:
        """Follow the jitter (RFC 3550 A.8) of the sound; telephone events stand still in time and tell nothing."""
        transit = _in_units(now_us, incoming[:, In.CLOCK_HZ]) - batch.timestamps
        deviation = np.abs((transit - incoming[:, In.TRANSIT]).astype(np.int32))  # the cast is modulo 2**32
        jitter = incoming[:, In.JITTER]
        after = jitter + deviation - ((jitter + 8) >> 4)
        if sound is None:
            incoming[:, In.JITTER] = after
            incoming[:, In.TRANSIT] = transit
        else:
            incoming[sound, In.JITTER] = after[sound]
            incoming[sound, In.TRANSIT] = transit[sound]

    def _show_events(self, events: Batch) -> None:
        for place, row in enumerate(events.rows.tolist()):
            payload = self._state.octets[row, HEADER_OCTETS : int(events.lengths[place])].tobytes()
            marker = bool(events.heads[place] & _MARKER)
            self._on_event(row, payload, int(events.timestamps[place]), int(events.ssrcs[place]), marker)

    def _forward(self, crossing: _Crossing, now_us: int) -> None:
        """Send each packet to one listener of its source."""
        types = self._state.maps[crossing.listeners, crossing.batch.types]
        if types.min() == NO_TYPE:
            wanted = types != NO_TYPE
            crossing, types = crossing.only(wanted), types[wanted]
            if not types.size:
                return
        batch, listeners = crossing.batch, crossing.listeners
        outgoing = self._state.outgoing.take(listeners, axis=0)
        heads = (batch.heads & _VERSION_AND_MARKER) | types
        stale = outgoing[:, Out.STREAM] != crossing.streams
        if stale.any():
            self._change_source(crossing, outgoing, stale, now_us)
            # A new talkspurt for the listener's jitter buffer; on an event the marker means something else.
            heads |= (stale if crossing.sound is None else stale & crossing.sound) * _MARKER
        self._write_headers(crossing, outgoing, heads, now_us)
        connected = outgoing[:, Out.CONNECTED]
        self._state.outgoing[listeners] = outgoing
        self._send(listeners, batch.rows, batch.lengths, connected)

    def _change_source(self, crossing: _Crossing, outgoing: Numbers, stale: Mask, now_us: int) -> None:
        """Let the listeners' sequence numbers and timestamps go on where they stood, plus the time that has passed."""
        changed = outgoing[stale]
        period_us = self._state.period[crossing.batch.rows[stale]] * _TICK_US
        passed_us = np.maximum(now_us - changed[:, Out.SENT_AT_US], period_us)
        timestamps = changed[:, Out.TIMESTAMP] + _in_units(passed_us, changed[:, Out.CLOCK_HZ])
        changed[:, Out.STREAM] = crossing.streams[stale]
        changed[:, Out.SEQUENCE_SHIFT] = changed[:, Out.HIGHEST] + 1 - crossing.extended[stale]
        changed[:, Out.TIMESTAMP_SHIFT] = (timestamps - crossing.batch.timestamps[stale]) & 0xFFFF_FFFF
        outgoing[stale] = changed

    def _write_headers(self, crossing: _Crossing, outgoing: Numbers, heads: Numbers, now_us: int) -> None:
        """Write the headers into the packets, and what was sent into ``outgoing``."""
        batch = crossing.batch
        sequences = crossing.extended + outgoing[:, Out.SEQUENCE_SHIFT]
        timestamps = batch.timestamps + outgoing[:, Out.TIMESTAMP_SHIFT]
        heads |= sequences & 0xFFFF
        self._state.write_headers(batch.rows, heads, timestamps, outgoing[:, Out.SSRC])
        np.maximum(outgoing[:, Out.HIGHEST], sequences, out=outgoing[:, Out.HIGHEST])
        outgoing[:, Out.SENT] += 1
        outgoing[:, Out.OCTETS] += batch.lengths
        if crossing.sound is None:
            outgoing[:, Out.TIMESTAMP] = timestamps
            outgoing[:, Out.SENT_AT_US] = now_us
        else:
            outgoing[crossing.sound, Out.TIMESTAMP] = timestamps[crossing.sound]
            outgoing[crossing.sound, Out.SENT_AT_US] = now_us

    def _send(self, listeners: Indices, sources: Indices, lengths: Lengths, connected: Numbers) -> None:
        if connected.all():
            failed = self._backend.send(listeners, sources, lengths)
        else:
            failed = self._send_mixed(listeners, sources, lengths, connected != 0)
        if failed.size:
            self._take_back(np.isin(listeners, failed), listeners, lengths)

    def _send_mixed(self, listeners: Indices, sources: Indices, lengths: Lengths, connected: Mask) -> Indices:
        places = zip(listeners.tolist(), sources.tolist(), lengths.tolist(), connected.tolist(), strict=True)
        failed = [
            listener
            for listener, source, length, fast in places
            if not fast and not self._send_unlatched(listener, self._state.octets[source, :length].tobytes())
        ]
        if not connected.any():
            return np.array(failed, np.intp)
        by_backend = self._backend.send(listeners[connected], sources[connected], lengths[connected])
        return np.concatenate((by_backend, np.array(failed, np.intp)))

    def _take_back(self, failed: Mask, listeners: Indices, lengths: Lengths) -> None:
        """Count as failed what was counted as sent before it was tried."""
        outgoing = self._state.outgoing
        outgoing[listeners[failed], Out.SENT] -= 1
        outgoing[listeners[failed], Out.OCTETS] -= lengths[failed]
        outgoing[listeners[failed], Out.FAILED] += 1


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Packets on their way to one listener each."""

    batch: Batch
    extended: Numbers
    """Extended sequence numbers."""
    streams: Numbers
    """Numbers of the sources' streams."""
    listeners: Indices
    sound: Mask | None
    """Which of them are sound; None for all."""

    def only(self, wanted: Mask) -> _Crossing:
        return _Crossing(
            self.batch.only(wanted),
            self.extended[wanted],
            self.streams[wanted],
            self.listeners[wanted],
            None if self.sound is None else self.sound[wanted],
        )


def _in_units(moment_us: int | Numbers, clock_hz: Numbers) -> Numbers:
    """Return microseconds in units of RTP clocks."""
    units: Numbers = moment_us * clock_hz // 1_000_000
    return units
