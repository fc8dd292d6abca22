"""What happens to packets from the phones' sockets to the listeners' ones, for all legs of a sweep at once.

Each listener gets one stream with one SSRC of ours, whose sequence numbers and timestamps go on when its source
changes. A packet is rewritten where it lies and sent from there: relaying copies no payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from softswitch.media.loops.found import Loops
from softswitch.media.worker.batch import Batch, Mask, Numbers, read_batch
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.ledger import Ledger, Note, Out, in_units
from softswitch.media.worker.odd import make_plain
from softswitch.media.worker.routes import Routes
from softswitch.media.worker.rows import (
    AUDIO,
    HEADER_OCTETS,
    NO_TYPE,
    PACKET_OCTETS,
    SHAPE,
    TICK_US,
    Indices,
    Known,
    Lengths,
    Rows,
    To,
    Words,
)

_MOST_AHEAD: Final = 3000
_MOST_BEHIND: Final = 100  # both of RFC 3550 A.1: beyond them the sender has begun anew
_MOST_PAYLOAD_OCTETS: Final = PACKET_OCTETS - HEADER_OCTETS - 1
_KEPT: Final = np.array([SHAPE, 0, 0xFFFF_FFFF], np.uint32)
"""What of a header's words is the same in all packets of a kind."""
_HALVES_OF_HEAD: Final = slice(0, 2)
_HALVES_OF_SHIFT: Final = slice(2 * Known.HEAD_SHIFT, 2 * Known.HEAD_SHIFT + 2)
"""In words seen as halves, which are added one by one: no sequence number carries into the payload type."""
_MARKER: Final = 0x0080_0000
_VERSION_AND_MARKER: Final = 0x8080_0000

EventHook = Callable[[int, bytes, int, int, bool], None]
"""Takes a telephone event's row, payload, timestamp, SSRC and marker."""
ReportHook = Callable[[int, bytes], None]
"""Takes the row and the octets of an RTCP compound that came to the RTP port (RFC 5761)."""
StrangeHook = Callable[[int, int], None]
"""Takes the row and the payload type of sound for which somebody to whom it should be relayed has no format."""
SendHook = Callable[[int, bytes], bool]
"""Sends a packet to the phone of a row that is not latched; False when that failed."""


class SoundTaker(Protocol):
    """Does something with sound beside its being relayed."""

    def put(self, batch: Batch, now_us: int) -> None:
        """Take packets of sound, whole and plain, before they are relayed; they came at this monotonic time."""
        ...

    def make_room(self, rows: Indices) -> None:
        """Take what is still needed of the packets in these rows: others will be written there."""
        ...


class Relay:
    """The vectorised path of all packets, the same for a sweep of hundreds and for a single one.

    Attributes:
        sound: sees sound; None while nobody wants to.

    Args:
        state: the rows.
        routes: who hears whom.
        ledger: counts what came and went.
        backend: by which packets to latched phones leave.
        on_event: sees telephone events.
        on_report: sees RTCP on RTP ports.
        on_strange: sees sound that a listener has no format for.
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
        on_strange: StrangeHook,
        send_unlatched: SendHook,
    ) -> None:
        self._state = state
        self._routes = routes
        self._ledger = ledger
        self._backend = backend
        self._on_event = on_event
        self._on_report = on_report
        self._on_strange = on_strange
        self._send_unlatched = send_unlatched
        self.sound: SoundTaker | None = None

    def take(self, waiting: Mapping[int, Sequence[bytes]], *, now: float) -> None:
        """Take packets that were received outside a sweep.

        Args:
            waiting: by row, its packets in the order in which they came.
            now: monotonic seconds.
        """
        for turn in range(max(map(len, waiting.values()), default=0)):
            self.make_room(np.array([*waiting], np.intp))
            lengths = {
                row: self._lay_down(row, packets[turn]) for row, packets in waiting.items() if turn < len(packets)
            }
            self.relay(np.array([*lengths], np.intp), np.array([*lengths.values()], np.int64), now=now)

    def make_room(self, rows: Indices) -> None:
        """Be told that packets will be written into these rows."""
        if self.sound is not None:
            self.sound.make_room(rows)

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
        if not rows.size:
            return
        now_us = int(now * 1_000_000)
        if self._state.loops is not None and self._relay_in_loops(self._state.loops, rows, lengths, now_us):
            return
        words = self._state.read_headers(rows)
        known = self._state.known.take(rows, axis=0)
        if _differ(words, known, lengths):
            # All of them: with two submissions a burst of new legs takes so long that packets pile up.
            self._relay_any(read_batch(self._state, rows, lengths), now_us)
        else:
            self._relay_known(rows, lengths, words, known, now_us)

    def _relay_in_loops(self, loops: Loops, rows: Indices, lengths: Lengths, now_us: int) -> bool:
        """Do what :meth:`_relay_known` does where machine code is there for it; False where something differs."""
        state, count = self._state, len(rows)
        headers = np.empty((3, count), np.int64)
        if not loops.read_known(state.octets, rows, lengths, state.known, headers):
            return False
        incoming, outgoing = self._ledger.settled()
        if self.sound is not None:
            self.sound.put(Batch(rows, lengths, headers[0], headers[1], headers[2]), now_us)
        sends, gaps = np.empty((3, count), np.int64), np.empty((3, count), np.int64)
        packets = state.octets, rows, lengths, headers, state.known, state.nobody
        books = incoming, outgoing, state.clock_hz, now_us
        sent, odd = loops.pass_on(*packets, *books, sends, gaps)
        if odd:
            self._ledger.follow_losses(*gaps[:, :odd])
        if sent:
            listeners, sources, octets = sends[:, :sent]
            failed = self._backend.send(listeners, sources, octets)
            if failed.size:
                self._uncount(failed, listeners, octets)
        return True

    def _relay_known(self, rows: Indices, lengths: Lengths, words: Words, known: Words, now_us: int) -> None:
        """Relay packets that are of the kind that came last from the same phones, as nearly all are."""
        self._state.known[rows, Known.HEAD] = words[:, 0]
        self._ledger.note_received(Note(rows, words[:, 0], words[:, 1], lengths, None, now_us))
        if self.sound is not None:
            wide = words.astype(np.int64)
            self.sound.put(Batch(rows, lengths, wide[:, 0], wide[:, 1], wide[:, 2]), now_us)
        listeners = known[:, Known.LISTENER].astype(np.intp)
        wanted = listeners != self._state.nobody
        heard = np.count_nonzero(wanted)
        if heard < len(rows):
            if not heard:
                return
            rows, lengths, words, known = rows[wanted], lengths[wanted], words[wanted], known[wanted]
            listeners = listeners[wanted]
        headers = words.copy()
        headers.view(np.uint16)[:, _HALVES_OF_HEAD] += known.view(np.uint16)[:, _HALVES_OF_SHIFT]
        headers[:, 1:] += known[:, Known.TIMESTAMP_SHIFT : Known.SSRC_SHIFT + 1]
        self._state.write_headers(rows, headers)
        self._ledger.note_sent(Note(listeners, headers[:, 0], headers[:, 1], lengths, None, now_us))
        failed = self._backend.send(listeners, rows, lengths)
        if failed.size:
            self._uncount(failed, listeners, lengths)

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
        if self.sound is not None and sound.any():
            self.sound.put(batch.only(sound), now_us)
        types, streams = batch.types(), state.stream[batch.rows]
        for listeners in self._routes.rounds:
            self._forward(_Crossing(note, types, streams, listeners[batch.rows]))
        self._learn(batch, sound)

    def _learn(self, batch: Batch, sound: Mask) -> None:
        """Keep what was looked up, for the sound of sources that have one listener, latched, or none."""
        state, rows = self._state, batch.rows
        listeners = self._routes.rounds[0][rows]
        sending = state.sending.take(listeners, axis=0)
        silent = sending[:, To.TYPE] == NO_TYPE
        known = state.known.take(rows, axis=0)
        known[:, Known.HEAD_SHIFT] = (sending[:, To.TYPE] - (batch.heads & SHAPE & ~_VERSION_AND_MARKER)) & 0xFFFF_0000
        known[:, Known.HEAD_SHIFT] |= sending[:, To.SEQUENCE_SHIFT].astype(np.uint32)
        known[:, Known.TIMESTAMP_SHIFT] = sending[:, To.TIMESTAMP_SHIFT]
        known[:, Known.SSRC_SHIFT] = (sending[:, To.SSRC] - batch.ssrcs) & 0xFFFF_FFFF
        known[:, Known.LISTENER] = np.where(silent, state.nobody, listeners)
        simple = sound & (silent | (sending[:, To.CONNECTED] != 0))
        known[:, Known.ROOM] = np.where(simple, _MOST_PAYLOAD_OCTETS, 0)
        for others in self._routes.rounds[1:]:
            known[others[rows] != state.nobody, Known.ROOM] = 0
        state.known[rows] = known

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

    def _follow(self, batch: Batch, note: Note) -> None:
        """Notice where a new stream begins: with another SSRC, or after a jump (RFC 3550 A.1)."""
        state = self._state
        last = state.last(batch.rows)
        keys = (batch.ssrcs << 16) | (batch.heads & 0xFFFF)
        steps = keys - last
        # One unsigned comparison for both ends: what is further behind wraps to the far end.
        regular = (steps + _MOST_BEHIND).view(np.uint64) <= _MOST_AHEAD + _MOST_BEHIND
        if not regular.all():
            wrapped = (((steps + 0x8000) & 0xFFFF) - 0x8000 + _MOST_BEHIND).view(np.uint64)
            same_ssrc = last >> 16 == batch.ssrcs
            fresh = ~regular & ~(same_ssrc & (wrapped <= _MOST_AHEAD + _MOST_BEHIND))
            if fresh.any():
                state.stream[batch.rows[fresh]] = self._ledger.begin_streams(note.only(fresh), batch.ssrcs[fresh])
        state.known[batch.rows, Known.HEAD] = batch.heads
        state.known[batch.rows, Known.SSRC] = batch.ssrcs

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
        if not wanted.all():
            self._show_strange(crossing.only(~wanted & (crossing.listeners != self._state.nobody)))
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

    def _show_strange(self, crossing: _Crossing) -> None:
        note = crossing.note
        for place, row in enumerate(note.rows.tolist()):
            if note.sound is None or note.sound[place]:
                self._on_strange(row, int(crossing.types[place]))

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
        words = np.empty((len(heads), 3), np.uint32)
        words[:, 0], words[:, 1], words[:, 2] = heads, timestamps & 0xFFFF_FFFF, sending[:, To.SSRC]
        self._state.write_headers(note.rows, words)
        self._ledger.note_sent(note._replace(rows=listeners, heads=heads, timestamps=timestamps))
        connected = sending[:, To.CONNECTED]
        if connected.all():
            failed = self._backend.send(listeners, note.rows, note.lengths)
        else:
            failed = self._send_mixed(listeners, note.rows, note.lengths, connected != 0)
        if failed.size:
            self._uncount(failed, listeners, note.lengths)

    def _uncount(self, failed: Indices, listeners: Indices, lengths: Lengths) -> None:
        self._state.failed[failed] += 1
        self._ledger.take_back(failed, lengths[np.isin(listeners, failed)])

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


def _differ(words: Words, known: Words, lengths: Lengths) -> bool:
    """Compare headers with those that came last; tell whether any has to be looked at.

    It differs in kind or SSRC, its sequence number is far from the last one, or the packet was not received whole, has
    no payload or cannot be known. (Counting is by far the cheapest way to ask numpy for any.)
    """
    if np.count_nonzero((words ^ known[:, :3]) & _KEPT):
        return True
    steps = (words[:, 0] - known[:, Known.HEAD] + _MOST_BEHIND).astype(np.uint16)
    if np.count_nonzero(steps > _MOST_BEHIND + _MOST_AHEAD):
        return True
    fits = (lengths - (HEADER_OCTETS + 1)).view(np.uint64) < known[:, Known.ROOM]
    return int(np.count_nonzero(fits)) < len(lengths)


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
