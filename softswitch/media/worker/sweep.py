"""When each leg is swept: once a frame of 20 ms, at the tick by which its packet has usually come.

A row is due a frame after it was due for its last packet (half a frame for packets of 10 ms, and so on). A sweep that
comes too early finds nothing and is repeated a tick later, so a late packet waits one tick and not a frame; where most
are late the phase moves to where they are found. Every sixteenth sweep is made a tick earlier: if the packet is there
by then, the phase moves there. So it follows a phone whose clock drifts against ours in both directions, and keeps to
the early side of one whose packets come irregularly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.relay import Relay
from softswitch.media.worker.rows import FRAME_TICKS, Indices, Lengths, Rows

_PROBE_EVERY: Final = 16
_AGAIN_EVERY: Final = 16
_LATE_SWEEPS: Final = 2
"""So many sweeps without a packet, and the one that comes then may have another one behind it."""
_TARDY_PACKETS: Final = 8
"""More late packets than this from one probe to the next, and the phase was too early."""
_PATIENT_SWEEPS: Final = 12 * FRAME_TICKS
"""After so many sweeps without a packet, a leg (a held one) is swept every 20 ms only."""
_MOST_PASSES: Final = 16
"""Packets taken of one leg at one tick, at most, so that a flood delays nobody."""


class Sweeper:
    """Receives what is there for the legs that are due, and passes it to the relay.

    Args:
        state: the rows.
        backend: receives.
        relay: takes what was received.
    """

    def __init__(self, state: Rows, backend: IoBackend, relay: Relay) -> None:
        self._state = state
        self._backend = backend
        self._relay = relay

    def sweep(self, tick: int, *, now: float, catching_up: bool) -> None:
        """Sweep the legs that are due.

        Args:
            tick: its number; numbers of missed ticks are left out.
            now: monotonic seconds.
            catching_up: ticks were missed, so legs may have more than one packet waiting.
        """
        rows = self._state.due_at(tick)
        if not rows.size:
            return
        found, missed = self._pass(rows, now)
        again = self._reschedule(found, missed, tick)
        # Where more is sent than was said, or two came at once, this finds it too.
        if catching_up or tick // FRAME_TICKS % _AGAIN_EVERY == _AGAIN_EVERY // 2:
            again = found
        for _ in range(_MOST_PASSES):
            if not again.size:
                return
            again, _ = self._pass(again, now)

    def _pass(self, rows: Indices, now: float) -> tuple[Indices, Indices]:
        """Return the rows that got a packet, and those that got none."""
        self._relay.make_room(rows)
        found, lengths, missed = self._backend.receive(rows)
        if found.size:
            self._relay.relay(found, lengths, now=now)
        return found, missed

    def _reschedule(self, found: Indices, missed: Indices, tick: int) -> Indices:
        """Say when these rows are swept next; return those that had to wait for their packet."""
        state, loops = self._state, self._state.loops
        if loops is None:
            if missed.size:
                self._try_again(missed, tick)
            return self._schedule(found, tick)
        again = np.empty(len(found), np.intp)
        by_row = state.due, state.period, state.empty_sweeps, state.tardy
        rules = int(_probes(tick)), FRAME_TICKS, _TARDY_PACKETS, _PATIENT_SWEEPS, _LATE_SWEEPS
        return again[: loops.reschedule(*by_row, found, missed, tick, *rules, again)]

    def _try_again(self, missed: Indices, tick: int) -> None:
        """Let rows be swept at the next tick, and those that have long been silent a frame later."""
        state = self._state
        state.empty_sweeps[missed] += 1
        state.due[missed] = tick + 1
        if tick % FRAME_TICKS == 0:
            state.due[missed[state.empty_sweeps[missed] > _PATIENT_SWEEPS]] = tick + FRAME_TICKS

    def _schedule(self, found: Indices, tick: int) -> Indices:
        """Say when these rows are swept next; return those that had to wait for their packet."""
        state = self._state
        probing = _probes(tick)
        state.due[found] = state.period[found] + (tick - probing)
        waited = state.empty_sweeps[found]
        if probing:
            state.tardy[found] = 0
        elif not np.count_nonzero(waited):
            return found[:0]
        state.empty_sweeps[found] = -1 if probing else 0
        late = waited > 0
        return self._keep_phase(found[late], waited[late], tick)

    def _keep_phase(self, late: Indices, waited: Lengths, tick: int) -> Indices:
        """Let late packets move their phone's phase only where they are many; return where more may be waiting."""
        state = self._state
        tardy = state.tardy[late] + 1
        moved = tardy > _TARDY_PACKETS
        state.due[late] -= np.where(moved, 0, waited % state.period[late])
        state.tardy[late] = np.where(moved, 0, tardy)
        # Who was asked rarely may have waited long: asked at every tick, it shows its phase with the next packet.
        state.due[late[waited > _PATIENT_SWEEPS]] = tick + 1
        return late[waited >= _LATE_SWEEPS]


def _probes(tick: int) -> bool:
    return tick // FRAME_TICKS % _PROBE_EVERY == 0
