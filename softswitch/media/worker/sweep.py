"""When each leg is swept: every 20 ms, at the 5 ms tick by which its packet has usually come.

A row is due four ticks after it was due for its last packet (two for packets of 10 ms, and so on). A sweep that comes
too early finds nothing and is repeated a tick later, so a late packet waits one tick and not four; after several late
packets the phase moves to where they were found. Every sixteenth sweep is made a tick earlier: if the packet is there
by then, the phase moves there. So it follows a phone whose clock drifts against ours in both directions, and keeps to
the early side of one whose packets come irregularly.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.relay import Relay
from softswitch.media.worker.rows import FRAME_TICKS, Indices, Rows

_PROBE_EVERY: Final = 16
_AGAIN_EVERY: Final = 8
_LATE_SWEEPS: Final = 2
"""So many sweeps without a packet, and the one that comes then may have another one behind it."""
_TARDY_PACKETS: Final = 4
"""So many packets late one after the other, and the phase was too early."""
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
        found = self._pass(rows, now)
        again = self._schedule(rows, found, tick)
        # Where more is sent than was said, or two came at once, this finds it too.
        if catching_up or tick // FRAME_TICKS % _AGAIN_EVERY == 0:
            again = found
        for _ in range(_MOST_PASSES):
            if not again.size:
                return
            again = self._pass(again, now)

    def _pass(self, rows: Indices, now: float) -> Indices:
        found, lengths = self._backend.receive(rows)
        if found.size:
            self._relay.relay(found, lengths, now=now)
        return found

    def _schedule(self, rows: Indices, found: Indices, tick: int) -> Indices:
        """Say when these rows are swept next; return those that had to wait for their packet."""
        state = self._state
        if found.size < rows.size:
            state.empty_sweeps[rows] += 1
            state.due[rows] = tick + np.where(state.empty_sweeps[rows] > _PATIENT_SWEEPS, FRAME_TICKS, 1)
        if not found.size:
            return found
        waited = state.empty_sweeps[found] - (found.size < rows.size)
        tardy = np.where(waited > 0, state.tardy[found] + 1, 0)
        period = state.period[found]
        # A late packet moves its phone's phase only when it was not the first: till then the phase stays where it was.
        ahead = np.where(tardy > _TARDY_PACKETS, 0, np.maximum(waited, 0) % period)
        # A row's sweeps are counted from another number each, so that the probes are spread evenly.
        probing = tick // FRAME_TICKS + found & (_PROBE_EVERY - 1) == 0
        state.due[found] = tick + period - ahead - probing
        state.tardy[found] = np.where(tardy > _TARDY_PACKETS, 0, tardy)
        state.empty_sweeps[found] = -1 * probing
        late = waited >= _LATE_SWEEPS
        if late.any():
            # Who was asked rarely may have waited long: asked at every tick, it shows its phase with the next packet.
            state.due[found[waited > _PATIENT_SWEEPS]] = tick + 1
        return found[late]
