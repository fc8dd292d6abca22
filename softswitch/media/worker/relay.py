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
from softswitch.media.worker.ledger import Ledger, Note, Out, in_units
from softswitch.media.worker.odd import make_plain
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import (
    AUDIO,
    HEADER_OCTETS,
    NO_SHAPE,
    NO_TYPE,
    PACKET_OCTETS,
    SHAPE,
    TICK_US,
    Indices,
    Lengths,
    Rows,
    To,
)

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
        ledger: counts what came and went.
        backend: by which packets to latched phones leave.
        on_event: sees telephone events.
        on_report: sees RTCP on RTP ports.
        send_unlatched: sends to phones that are not latched.
    """

    def __init__(
        self,
        state: Rows,
        routes: Routes,
        ledger: Ledger,
        backend: IoBackend,
        *,
        on_event: EventHook,
        on_report: ReportHook,
        send_unlatched: SendHook,
    ) -> None:
        self._state = state
        self._routes = routes
        self._ledger = ledger
        self._backend = backend
        self._on_event = on_event
        self._on_report = on_report
        self._send_unlatched = send_unlatched

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
        now_us = int(now * 1_000_000)
        if not self._relay_steady(batch, now_us):
            self._relay_any(batch, now_us)

    def _relay_steady(self, batch: Batch, now_us: int) -> bool:
        """Relay packets that are all of the kind that came last from the same phones, as is nearly always so.

        Returns:
            Whether they were; nothing was done with them otherwise.
        """
        if not (batch.sizes_fit() and ((batch.heads & SHAPE) == self._state.shape[batch.rows]).all()):
            return False
        note = Note(batch.rows, batch.heads, batch.timestamps, batch.lengths, None, now_us)
        if self._follow(batch, note):
            return False
        self._ledger.note_received(note)
        for listeners in self._routes.rounds:
            self._forward_steady(note, listeners[batch.rows])
        return True

    def _forward_steady(self, note: Note, listeners: Indices) -> None:
        sending = self._state.sending.take(listeners, axis=0)
        types = sending[:, To.TYPE]
        if types.min() == NO_TYPE:
            wanted = types != NO_TYPE
            note, listeners, sending, types = note.only(wanted), listeners[wanted], sending[wanted], types[wanted]
        if types.size:
            self._send(note, listeners, sending, (note.heads & _VERSION_AND_MARKER) | types)

    def _relay_any(self, batch: Batch, now_us: int) -> None:
        """Relay whatever came, looking everything up; what is looked up serves the packets that follow."""
        state = self._state
        kinds = state.kinds[batch.rows, batch.types()]
        plain = batch.plain(kinds)
        if not plain.all():
            batch = self._without_odd(batch, plain)
            if not batch.rows.size:
                return
            kinds = state.kinds[batch.rows, batch.types()]
        sound = kinds == AUDIO
        note = Note(batch.rows, batch.heads, batch.timestamps, batch.lengths, sound, now_us)
        self._follow(batch, note)
        self._ledger.note_received(note)
        self._show_events(batch.only(~sound))
        types, streams = batch.types(), state.stream[batch.rows]
        for listeners in self._routes.rounds:
            self._forward(_Crossing(note, types, streams, listeners[batch.rows]))
        state.shape[batch.rows] = np.where(sound, batch.heads & SHAPE, NO_SHAPE)

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

    def _follow(self, batch: Batch, note: Note) -> bool:
        """Notice where a new stream begins: with another SSRC, or after a jump (RFC 3550 A.1)."""
        last = self._state.last
        keys = (batch.ssrcs << 16) | (batch.heads & 0xFFFF)
        steps = keys - last[batch.rows]
        # One unsigned comparison for both ends: what is further behind wraps to the far end.
        regular = (steps + _MOST_BEHIND).view(np.uint64) <= _MOST_AHEAD + _MOST_BEHIND
        begun = False
        if not regular.all():
            wrapped = (((steps + 0x8000) & 0xFFFF) - 0x8000 + _MOST_BEHIND).view(np.uint64)
            same_ssrc = last[batch.rows] >> 16 == batch.ssrcs
            fresh = ~regular & ~(same_ssrc & (wrapped <= _MOST_AHEAD + _MOST_BEHIND))
            begun = bool(fresh.any())
            if begun:
                self._state.stream[batch.rows[fresh]] = self._ledger.begin_streams(note.only(fresh), batch.ssrcs[fresh])
        last[batch.rows] = keys
        return begun

    def _show_events(self, events: Batch) -> None:
        for place, row in enumerate(events.rows.tolist()):
            payload = self._state.octets[row, HEADER_OCTETS : int(events.lengths[place])].tobytes()
            marker = bool(events.heads[place] & _MARKER)
            self._on_event(row, payload, int(events.timestamps[place]), int(events.ssrcs[place]), marker)

    def _forward(self, crossing: _Crossing) -> None:
        """Send each packet to one listener of its source."""
        types = self._state.maps[crossing.listeners, crossing.types]
        self._state.sending[crossing.listeners, To.TYPE] = types
        wanted = types != NO_TYPE
        crossing, types = crossing.only(wanted), types[wanted]
        if not types.size:
            return
        note, listeners = crossing.note, crossing.listeners
        sending = self._state.sending.take(listeners, axis=0)
        stale = sending[:, To.STREAM] != crossing.streams
        heads = (note.heads & _VERSION_AND_MARKER) | types
        if stale.any():
            self._change_source(crossing, sending, stale)
            # A new talkspurt for the listener's jitter buffer; on an event the marker means something else.
            heads |= (stale & (True if note.sound is None else note.sound)) * _MARKER
        self._send(note, listeners, sending, heads)

    def _change_source(self, crossing: _Crossing, sending: Numbers, stale: Mask) -> None:
        """Let the listeners' sequence numbers and timestamps go on where they stood, plus the time that has passed."""
        state, note, listeners = self._state, crossing.note.only(stale), crossing.listeners[stale]
        sent = self._ledger.outgoing(listeners)
        passed_us = np.maximum(note.now_us - sent[:, Out.SENT_AT_US], state.period[note.rows] * TICK_US)
        timestamps = sent[:, Out.TIMESTAMP] + in_units(passed_us, state.clock_hz[listeners])
        changed = sending[stale]
        changed[:, To.STREAM] = crossing.streams[stale]
        changed[:, To.SEQUENCE_SHIFT] = (sent[:, Out.SEQUENCE] + 1 - note.heads) & 0xFFFF
        changed[:, To.TIMESTAMP_SHIFT] = (timestamps - note.timestamps) & 0xFFFF_FFFF
        sending[stale] = changed
        state.sending[listeners] = changed

    def _send(self, note: Note, listeners: Indices, sending: Numbers, heads: Numbers) -> None:
        """Write the listeners' headers into the packets and send them.

        Args:
            note: the packets.
            listeners: one for each.
            sending: the listeners' columns of :class:`To`.
            heads: first words of the new headers, but for the sequence number.
        """
        heads |= (note.heads + sending[:, To.SEQUENCE_SHIFT]) & 0xFFFF
        timestamps = note.timestamps + sending[:, To.TIMESTAMP_SHIFT]
        self._state.write_headers(note.rows, heads, timestamps, sending[:, To.SSRC])
        self._ledger.note_sent(note._replace(rows=listeners, heads=heads, timestamps=timestamps))
        connected = sending[:, To.CONNECTED]
        if connected.all():
            failed = self._backend.send(listeners, note.rows, note.lengths)
        else:
            failed = self._send_mixed(listeners, note.rows, note.lengths, connected != 0)
        if failed.size:
            self._state.failed[failed] += 1
            self._ledger.take_back(failed, note.lengths[np.isin(listeners, failed)])

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


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Packets on their way to one listener each."""

    note: Note
    types: Numbers
    """Payload types."""
    streams: Numbers
    """Numbers of the sources' streams."""
    listeners: Indices

    def only(self, wanted: Mask) -> _Crossing:
        return _Crossing(self.note.only(wanted), self.types[wanted], self.streams[wanted], self.listeners[wanted])
