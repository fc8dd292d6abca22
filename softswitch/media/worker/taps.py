"""What is recorded: the sound of some legs is copied out of the tick, and that is all that a tick has to do with it.

What is copied goes through shared memory to a recorder, a process of its own that this worker starts when it is needed
first, and again where it has died. Relayed legs stay relayed: their payloads are copied before they leave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from softswitch.media.engine import Format, MediaEvent, Recording, RecordingEnded, RecordingTrouble
from softswitch.media.loops.found import Loops
from softswitch.media.tap_ring import TapWriter
from softswitch.media.worker.batch import Batch, Numbers
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Rows
from softswitch.media.worker.shelf import Shelf
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

_NO_TAP: Final = 0
_LEFT_ALONE_S: Final = 5.0
"""So long a recording may go on here without a leg; then nobody will end it any more."""
_START_EVERY_S: Final = 1.0
_COPIED_AT_ONCE: Final = 128
NO_ROOM: Final = "the recorder does not keep up"


class Recorder(Protocol):
    """The recorder's process."""

    def wake(self) -> None:
        """Tell it that there is something to do, should it have had nothing."""
        ...


class Recorders(Protocol):
    """Where recorders come from."""

    def memory(self) -> int:
        """Return the descriptor of the memory in which sound goes to all of them."""
        ...

    def start(self, said: Callable[[tuple[Any, ...]], None], died: Callable[[], None]) -> Recorder:
        """Start one.

        Args:
            said: takes what it tells.
            died: called when it is gone.
        """
        ...


@dataclass(slots=True)
class _Order:
    said: Recording
    taps: dict[str, int] = field(default_factory=dict)
    """Leg to the number of its tap."""
    formats: dict[int, tuple[Format, ...]] = field(default_factory=dict)
    """Of each tap, what the recorder was told."""
    alone_since: float | None = None
    """Monotonic; None while one of its legs is here."""


class Taps:
    """The recordings of one worker.

    Args:
        state: the rows.
        legs: by leg id.
        recorders: where the recorder comes from; None where there is none.
        emit: takes events.

    """

    def __init__(
        self,
        state: Rows,
        legs: Mapping[str, Leg],
        recorders: Recorders | None,
        emit: Callable[[MediaEvent], None],
    ) -> None:
        self._state = state
        self._words = state.octets.view(np.uint32)
        self._shelf = Shelf(state.capacity, self._copy)
        """Packets that came since the last frame."""
        self._legs = legs
        self._recorders = recorders
        self._emit = emit
        self._ring: TapWriter | None = None
        self._recorder: Recorder | None = None
        self._start_at = 0.0
        """Monotonic: not before then is another recorder started."""
        self._orders: dict[str, _Order] = {}
        self._order_of: dict[str, _Order] = {}
        """By leg, also one that is not open here."""
        self._tap_of_row = np.zeros(state.capacity, np.uint32)
        self._tapped = 0
        """How many rows are tapped."""
        self._taps = 0
        self._untold: list[tuple[Any, ...]] = []
        """Messages that found no room."""
        self._overrun = False
        """Whether sound found none since the last look."""
        self._overran: tuple[str, ...] = ()
        """Recordings of which it was told that sound finds none."""

    @property
    def active(self) -> bool:
        """Whether anybody is recorded."""
        return self._tapped > 0

    @property
    def waiting(self) -> bool:
        """Whether a recording goes on, though nobody may be there."""
        return bool(self._orders)

    def record(self, said: Recording) -> None:
        """Begin a recording, or follow what has changed of it."""
        if self._recorders is None:
            self._emit(RecordingTrouble(said.recording, "there is no recorder"))
            return
        self.settle()
        if self._ring is None:
            self._ring = TapWriter(self._recorders.memory())
        order = self._orders.setdefault(said.recording, _Order(said))
        order.said = said
        wanted = [leg for channel in said.channels for leg in channel]
        for leg in [leg for leg, of in self._order_of.items() if of is order and leg not in wanted]:
            self._untap(order, leg)
        for leg in wanted:
            before = self._order_of.get(leg)
            if before is not None and before is not order:
                self._untap(before, leg)
            self._order_of[leg] = order
            self._tap(order, leg)
        self._tell(self._record_message(order))
        self._wake()

    def end(self, recording: str, ended_us: int, about: str) -> None:
        """End a recording; one that is not here was never written here."""
        self.settle()
        order = self._orders.pop(recording, None)
        if order is None:
            self._emit(RecordingEnded(recording, "lost", 0.0, 0, 0.0))
            return
        self._forget(order)
        self._tell(("end", recording, ended_us, about))
        self._wake()

    def refresh(self, leg: Leg) -> None:
        """Follow that a leg was opened, or its stream set."""
        self.settle()
        order = self._order_of.get(leg.name)
        if order is not None:
            self._tap(order, leg.name)
            self._tell(self._record_message(order))

    def drop(self, leg: Leg) -> None:
        """Follow that a leg is closed. The recording waits for it to come again, elsewhere perhaps."""
        self.settle()
        order = self._order_of.get(leg.name)
        if order is not None and leg.name in order.taps:
            order.formats.pop(order.taps.pop(leg.name))
        self._set(leg.row, _NO_TAP)

    def put(self, batch: Batch, now_us: int) -> None:
        """Note the packets of those who are recorded; the packets are whole and plain."""
        if self._state.loops is not None:
            self._hand_over(self._state.loops, batch, now_us)
            return
        rows = batch.rows
        taps = self._tap_of_row[rows]
        columns = (rows, taps, batch.heads, batch.timestamps, self._state.stream[rows], batch.lengths)
        wanted = taps != _NO_TAP
        count = np.count_nonzero(wanted)
        if count < len(taps):
            columns = tuple(column[wanted] for column in columns)
        if count:
            self._shelf.put(*columns, np.full(count, now_us))

    def _hand_over(self, loops: Loops, batch: Batch, now_us: int) -> None:
        """Copy packets at once: they are in the cache."""
        rows, lengths, taps = batch.rows, batch.lengths, self._tap_of_row
        count, width = loops.count_tapped(rows, lengths, taps)
        if not count:
            return
        assert self._ring is not None  # noqa: S101  # there is one since somebody is recorded
        room = self._ring.begin_sound(count, 4 * width, now_us)
        if room is None:
            self._overrun = True
            return
        heads, timestamps = np.ascontiguousarray(batch.heads), np.ascontiguousarray(batch.timestamps)
        loops.hand_over(self._words, rows, lengths, heads, timestamps, taps, self._state.stream, count, width, room)
        self._ring.end_sound()

    def make_room(self, rows: Indices) -> None:
        """Be told that packets will be written into these rows."""
        self._shelf.make_room(rows)

    def settle(self) -> None:
        """Copy the packets that have come."""
        self._shelf.clear()

    def _copy(self, rows: Indices, *columns: Numbers) -> None:
        *told, lengths, came_us = columns
        payload_octets, last_us = lengths - HEADER_OCTETS, int(came_us[-1])
        width, octets = int(payload_octets.max()), self._state.octets
        parts = (rows[first : first + _COPIED_AT_ONCE] for first in range(0, len(rows), _COPIED_AT_ONCE))
        payloads = (octets[some, HEADER_OCTETS : HEADER_OCTETS + width] for some in parts)
        assert self._ring is not None  # noqa: S101  # there is one since somebody is recorded
        if not self._ring.put_sound((*told, payload_octets, last_us - came_us), last_us, width, payloads):
            self._overrun = True

    def look(self, *, now: float) -> None:
        """Do from time to time what nobody asks for: say what found no room, end what was left alone."""
        untold, self._untold = self._untold, []
        for message in untold:
            self._tell(message)
        self._tell_overrun()
        self._start_again(now)
        for name, order in list(self._orders.items()):
            if order.taps:
                order.alone_since = None
            elif order.alone_since is None:
                order.alone_since = now
            elif now - order.alone_since > _LEFT_ALONE_S:
                self.end(name, int(order.alone_since * 1e6), "")

    def _tell_overrun(self) -> None:
        """Say when sound begins to find no room, because recorder or disk stand still, and when it does again."""
        overrun, self._overrun = self._overrun, False
        if overrun == bool(self._overran):
            return
        told = tuple(name for name, order in self._orders.items() if order.taps) if overrun else self._overran
        self._overran = told if overrun else ()
        for name in told:
            if name in self._orders:
                self._emit(RecordingTrouble(name, NO_ROOM if overrun else ""))

    # The recorder

    def _wake(self) -> None:
        if self._recorder is None:
            self._start()
        if self._recorder is not None:
            self._recorder.wake()

    def _start(self) -> None:
        """Start a recorder; what it has to know waits in the ring."""
        assert self._recorders is not None  # noqa: S101  # whoever records has seen to it
        try:
            self._recorder = self._recorders.start(self._recorder_said, self._recorder_died)
        except OSError as error:
            for name in self._orders:
                self._emit(RecordingTrouble(name, f"no recorder: {error}"))

    def _recorder_said(self, message: tuple[Any, ...]) -> None:
        """Take what the recorder tells: that a recording is over, or how the disk does."""
        kind, name, *values = message
        if kind == "ended":
            order = self._orders.pop(name, None)
            if order is not None:
                self._forget(order)
            self._emit(RecordingEnded(name, *values))
        elif kind == "trouble":
            self._emit(RecordingTrouble(name, *values))

    def _recorder_died(self) -> None:
        """Let another one be started soon; the sound waits in the ring."""
        _log.error("recorder.died", recordings=len(self._orders))
        self._recorder = None

    def _start_again(self, now: float) -> None:
        if self._recorder is not None or self._ring is None or not self._orders or now < self._start_at:
            return
        self._start_at = now + _START_EVERY_S
        for order in self._orders.values():
            self._tell(self._record_message(order))
        self._wake()

    def _record_message(self, order: _Order) -> tuple[Any, ...]:
        said = order.said
        channels = [[order.taps[leg] for leg in channel if leg in order.taps] for channel in said.channels]
        formats = {tap: [tuple(form[:4]) for form in forms] for tap, forms in order.formats.items()}
        fixed = (said.path, said.began_us, said.about, said.limit_s, said.silence_s)
        return ("record", said.recording, channels, formats, *fixed)

    def _tell(self, message: tuple[Any, ...]) -> None:
        if self._ring is None or (not self._untold and self._ring.put_message(message)):
            return
        if not self._untold:
            self._emit(RecordingTrouble(str(message[1]), NO_ROOM))
        self._untold.append(message)

    # Taps

    def _tap(self, order: _Order, name: str) -> None:
        leg = self._legs.get(name)
        if leg is None:
            return
        tap = order.taps.get(name)
        if tap is None:
            self._taps += 1
            tap = order.taps[name] = self._taps
        order.formats[tap] = () if leg.stream is None else leg.stream.formats
        self._set(leg.row, tap if leg.may_receive else _NO_TAP)

    def _untap(self, order: _Order, name: str) -> None:
        self._order_of.pop(name, None)
        tap = order.taps.pop(name, _NO_TAP)
        order.formats.pop(tap, None)
        leg = self._legs.get(name)
        if leg is not None:
            self._set(leg.row, _NO_TAP)

    def _forget(self, order: _Order) -> None:
        for leg in [leg for leg, of in self._order_of.items() if of is order]:
            self._untap(order, leg)

    def _set(self, row: int, tap: int) -> None:
        self._tapped += int(tap != _NO_TAP) - int(self._tap_of_row[row] != _NO_TAP)
        self._tap_of_row[row] = tap
