"""What is done at each tick: packets first, sound every fifth time, and all that can wait a little, spread out.

A packet that comes while a tick is busy waits for it, so what is done for all legs now and then is done at ticks of its
own, and what is done for each leg (its reports) for a few legs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.media.engine import MediaEvent
from softswitch.media.worker.batch import Batch
from softswitch.media.worker.ledger import Ledger
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.mixing.desk import Desk
from softswitch.media.worker.players import Players
from softswitch.media.worker.relay import Relay, SoundTaker
from softswitch.media.worker.reports import Reports
from softswitch.media.worker.rooms import Rooms
from softswitch.media.worker.rows import FRAME_TICKS, Indices
from softswitch.media.worker.silence import SilenceWatch
from softswitch.media.worker.sweep import Sweeper
from softswitch.media.worker.taps import Taps

_COUNT_AT: Final = 2
"""The tick of each frame at which is counted and reported; the desk's is 0."""
_UPKEEP_AT: Final = 4
"""The tick of some frames at which is looked after the rest."""
_UPKEEP_FRAMES: Final = 5
_MOST_FRAMES: Final = 2
"""Frames that the desk makes at one tick, when ticks were missed."""
_LATE_TICKS: Final = 3
"""So many ticks missed, and legs may have two packets waiting."""


class Ticker:
    """Drives the parts of a plane.

    Args:
        sweeper: receives what is due.
        relay: shows sound to who wants to see it.
        ledger: counts.
        rooms: tells who hears whom.
        desk: mixes.
        players: whose tracks the desk reads.
        taps: record.
        reports: made when they are due.
        silence: looks for phones that vanished.
        leg_by_row: all legs.
        emit: takes events.
        upkeep: what else is done now and then.
    """

    def __init__(
        self,
        sweeper: Sweeper,
        relay: Relay,
        ledger: Ledger,
        rooms: Rooms,
        desk: Desk,
        players: Players,
        taps: Taps,
        reports: Reports,
        silence: SilenceWatch,
        *,
        leg_by_row: Mapping[int, Leg],
        emit: Callable[[MediaEvent], None],
        upkeep: Callable[[], None],
    ) -> None:
        self._sweeper = sweeper
        self._relay = relay
        self._ledger = ledger
        self._rooms = rooms
        self._desk = desk
        self._players = players
        self._taps = taps
        self._reports = reports
        self._silence = silence
        self._leg_by_row = leg_by_row
        self._emit = emit
        self._upkeep = upkeep
        self._frame = 0
        """Number of the last frame that the desk made."""
        self._next_count = _COUNT_AT
        self._next_upkeep = _UPKEEP_AT

    def tick(self, number: int, *, now: float, missed: int) -> None:
        """Make one tick.

        Args:
            number: of this tick.
            now: monotonic seconds.
            missed: how many ticks before it were not made.
        """
        frame = number // FRAME_TICKS
        self._sweeper.sweep(number, now=now, catching_up=missed >= _LATE_TICKS)
        if frame != self._frame:
            self._mix(frame, now=now)
        self._players.work()
        if number >= self._next_count:
            self._next_count = (frame + 1) * FRAME_TICKS + _COUNT_AT
            self._ledger.settle()
            self._reports.send_due(now=now)
        if number >= self._next_upkeep:
            self._next_upkeep = (frame + _UPKEEP_FRAMES) * FRAME_TICKS + _UPKEEP_AT
            self._silence.look(now=now)
            self._taps.look(now=now)
            self.choose_who_sees_sound()
            self._upkeep()

    def choose_who_sees_sound(self) -> None:
        """Let the relay show sound to those only who do something with it."""
        desk, taps = self._desk, self._taps
        desk.settle()
        taps.settle()
        if not taps.active:
            self._relay.sound = None if desk.idle else desk
        else:
            self._relay.sound = taps if desk.idle else _Both(taps, desk)

    def _mix(self, frame: int, *, now: float) -> None:
        """Let the desk make the frames whose time has come."""
        due = min(frame - self._frame, _MOST_FRAMES)
        self._frame = frame
        self._taps.settle()
        for _ in range(due):
            retuned = self._rooms.take_retuned()
            if self._rooms.changed:
                parties, alone = self._rooms.parties(), self._rooms.talking_to_us()
                self._desk.set_parties(parties, self._leg_by_row, now=now, pressing=alone, retuned=retuned)
                self.choose_who_sees_sound()
            elif retuned:
                self._desk.retune(retuned, now=now)
                self.choose_who_sees_sound()
            if not self._desk.idle:
                self._desk.tick(now=now)
                self._players.advance(self._desk.jukebox.tracks)
                for row, digit in self._desk.take_keys():
                    self._emit(self._leg_by_row[row].pressed(digit))


class _Both:
    """Two who want to see sound."""

    def __init__(self, one: SoundTaker, other: SoundTaker) -> None:
        self._one, self._other = one, other

    def put(self, batch: Batch, now_us: int) -> None:
        self._one.put(batch, now_us)
        self._other.put(batch, now_us)

    def make_room(self, rows: Indices) -> None:
        self._one.make_room(rows)
        self._other.make_room(rows)
