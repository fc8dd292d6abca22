"""From encoded sound to packets on their way: numbers, time stamps, and the length of packets that each phone wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from softswitch.media.worker.batch import Mask, Numbers, Octets
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.key_track import KeyTrack
from softswitch.media.worker.ledger import Ledger, Note, Out, in_units
from softswitch.media.worker.mixing.ring import CELL_MS, FRAME_CELLS
from softswitch.media.worker.rows import HEADER_OCTETS, TYPE_SHIFT, Indices, Lengths, Rows, To

_VERSION: Final = 0x8000_0000
_MARKER: Final = 0x0080_0000
MOST_CELLS: Final = 6
"""Of a packet: 60 ms."""
_FRAME_US: Final = 20_000
_DAY_US: Final = 86_400_000_000
"""Who was never sent anything was sent it very long ago; a day is as good, and fits."""


class _Packets(NamedTuple):
    """Packets of one length, each laid down in its listener's row."""

    rows: Indices
    cells: int
    octets: int
    """Of a cell."""


class Sender:
    """Sends to listeners one stream each, which goes on whoever made its packets before.

    Args:
        state: the rows; a listener's packet is laid down in its own.
        ledger: knows what was sent last, and counts.
        backend: by which packets to latched phones leave.
        send_unlatched: sends to phones that are not latched.
    """

    def __init__(
        self, state: Rows, ledger: Ledger, backend: IoBackend, send_unlatched: Callable[[int, bytes], bool]
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._backend = backend
        self._send_unlatched = send_unlatched
        capacity = state.capacity
        self._type = np.zeros(capacity, np.int64)
        self._sequence = np.zeros(capacity, np.int64)
        """The last one sent."""
        self._timestamp = np.zeros(capacity, np.int64)
        """Of the next cell."""
        self._marker = np.zeros(capacity, np.int64)
        self._step = np.zeros(capacity, np.int64)
        """Timestamp units of a cell."""
        self._waiting = np.zeros(capacity, np.int64)
        """Cells of a listener of long packets that were not sent yet."""
        self._stores: dict[int, Octets] = {}
        """By octets of a cell, shape (capacity, cells, octets): where they wait."""

    def begin(self, row: int, *, now: float) -> None:
        """Take a listener's stream over where it stands; its next packet is marked."""
        sent = self._ledger.outgoing(row)
        clock_hz = self._state.clock_hz[row]
        passed_us = min(max(int(now * 1e6) - int(sent[Out.SENT_AT_US]), _FRAME_US), _DAY_US)
        self._sequence[row] = sent[Out.SEQUENCE]
        self._timestamp[row] = sent[Out.TIMESTAMP] + in_units(passed_us, clock_hz)
        self._marker[row] = _MARKER
        self._waiting[row] = 0

    def set_format(self, row: int, payload_type: int) -> None:
        """Say what is sent to a listener."""
        self._type[row] = payload_type << TYPE_SHIFT
        self._step[row] = self._state.clock_hz[row] * CELL_MS // 1000

    def pass_over(self, rows: Indices) -> None:
        """Let a frame's time pass for listeners who are sent nothing; what follows is marked."""
        self._timestamp[rows] += FRAME_CELLS * self._step[rows]
        self._marker[rows] = _MARKER
        self._waiting[rows] = 0

    def send_key(self, row: int, keys: KeyTrack, *, now: float) -> None:
        """Send a packet of a key in the place of a frame of sound, which is marked when it comes again.

        A key bears the time at which it was pressed (RFC 4733 §2.5.1.2); the sound's time goes on beneath it.
        """
        packet = keys.next_packet(int(self._timestamp[row]) & 0xFFFF_FFFF)
        rows = np.array([row], np.intp)
        self.pass_over(rows)
        if packet is None:
            return
        self._sequence[row] = (self._sequence[row] + 1) & 0xFFFF
        octets = np.frombuffer(packet.payload, np.uint8)
        self._state.octets[row, HEADER_OCTETS : HEADER_OCTETS + len(octets)] = octets
        head = packet.payload_type << TYPE_SHIFT | packet.marker * _MARKER | _VERSION
        heads, timestamps = self._sequence[rows] | head, np.array([packet.timestamp])
        self._let_go(rows, heads, timestamps, np.array([HEADER_OCTETS + len(octets)]), np.zeros(1, np.bool_), now)

    def send(self, made: list[tuple[Indices, Octets, int]], *, now: float) -> None:
        """Send a frame of 20 ms to listeners.

        Args:
            made: rows of listeners, each in one group; their frames, shape (n, octets); cells of their packets.
            now: monotonic seconds.
        """
        rounds: list[list[_Packets]] = [[], []]
        halves: list[tuple[Indices, Octets]] = []
        for rows, frames, cells in made:
            octets = frames.shape[1] // FRAME_CELLS
            if cells == FRAME_CELLS:
                rounds[0].append(self._lay_down(rows, frames, octets))
            elif cells < FRAME_CELLS:
                rounds[0].append(self._lay_down(rows, frames[:, :octets], octets))
                halves.append((rows, frames[:, octets:]))
            else:
                rounds[0] += self._collect(rows, frames, octets, cells)
        self._send(rounds[0], now)
        for rows, frames in halves:
            rounds[1].append(self._lay_down(rows, frames, frames.shape[1]))
        self._send(rounds[1], now)

    def _lay_down(self, rows: Indices, payloads: Octets, octets: int) -> _Packets:
        self._state.octets[rows, HEADER_OCTETS : HEADER_OCTETS + payloads.shape[1]] = payloads
        return _Packets(rows, payloads.shape[1] // octets, octets)

    def _collect(self, rows: Indices, frames: Octets, octets: int, cells: int) -> list[_Packets]:
        """Let frames wait until a longer packet is whole."""
        if octets not in self._stores:
            shape = self._state.capacity, MOST_CELLS + FRAME_CELLS, octets
            self._stores[octets] = np.zeros(shape, np.uint8)
        store = self._stores[octets]
        waiting = self._waiting[rows]
        for cell in range(FRAME_CELLS):
            store[rows, waiting + cell] = frames[:, cell * octets : (cell + 1) * octets]
        waiting += FRAME_CELLS
        whole = waiting >= cells
        ready = rows[whole]
        packets = self._lay_down(ready, store[ready, :cells].reshape(len(ready), cells * octets), octets)
        store[ready, : MOST_CELLS + FRAME_CELLS - cells] = store[ready, cells:]
        self._waiting[rows] = np.where(whole, waiting - cells, waiting)
        return [packets] if ready.size else []

    def _send(self, packets: list[_Packets], now: float) -> None:
        if not packets:
            return
        rows = np.concatenate([each.rows for each in packets])
        sizes = [len(each.rows) for each in packets]
        cells = np.repeat([each.cells for each in packets], sizes)
        lengths = np.repeat([HEADER_OCTETS + each.cells * each.octets for each in packets], sizes)
        sequences = (self._sequence[rows] + 1) & 0xFFFF
        timestamps = self._timestamp[rows]
        heads = sequences | self._type[rows] | self._marker[rows] | _VERSION
        self._sequence[rows] = sequences
        self._timestamp[rows] = timestamps + cells * self._step[rows]
        self._marker[rows] = 0
        self._let_go(rows, heads, timestamps, lengths, None, now)

    def _let_go(
        self, rows: Indices, heads: Numbers, timestamps: Numbers, lengths: Lengths, sound: Mask | None, now: float
    ) -> None:
        """Write the headers of packets that are laid down, note them, and send them."""
        sending = self._state.sending.take(rows, axis=0)
        words = np.empty((len(rows), 3), np.uint32)
        words[:, 0], words[:, 1], words[:, 2] = heads, timestamps & 0xFFFF_FFFF, sending[:, To.SSRC]
        self._state.write_headers(rows, words)
        self._ledger.note_sent(Note(rows, heads, timestamps, lengths, sound, int(now * 1e6)))
        failed = self._let_out(rows, lengths, sending[:, To.CONNECTED] != 0)
        if failed.size:
            self._state.failed[failed] += 1
            self._ledger.take_back(failed, lengths[np.isin(rows, failed)])

    def _let_out(self, rows: Indices, lengths: Lengths, connected: Mask) -> Indices:
        if connected.all():
            return self._backend.send(rows, rows, lengths)
        others = zip(rows[~connected].tolist(), lengths[~connected].tolist(), strict=True)
        octets = self._state.octets
        failed = [row for row, length in others if not self._send_unlatched(row, octets[row, :length].tobytes())]
        refused = np.array(failed, np.intp)
        if not connected.any():
            return refused
        fast = rows[connected]
        return np.concatenate((self._backend.send(fast, fast, lengths[connected]), refused))


def cells_of(ptime_ms: int) -> int:
    """Return the cells of a packet for a phone that asked for packets of so many milliseconds."""
    return min(max(ptime_ms // CELL_MS, 1), MOST_CELLS)
