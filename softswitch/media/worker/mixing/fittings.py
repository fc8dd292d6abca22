"""What is made ready for a leg's sound: once for each stream that it has, not whenever somebody else comes or goes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from softswitch.media.engine import Format, Stream
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.mixing.jukebox import OutletKind
from softswitch.media.worker.mixing.ring import FRAME_CELLS
from softswitch.media.worker.mixing.sender import Sender, cells_of
from softswitch.media.worker.mixing.voices import PACKED_CODE, Voices


class Fitting(NamedTuple):
    """How a leg is spoken to, as long as it has this stream."""

    stream: Stream | None
    outlet: OutletKind | None
    """None where there is no codec for it."""
    rate_hz: int | None
    """Samples a second of that codec."""


class Fittings:
    """Those of all legs.

    Args:
        capacity: rows that there are.
        voices: the codecs.
        sender: is told what is sent to whom.

    Attributes:
        codes: by row and payload type, as the phone sends it, the code of its codec; 0 for none.
    """

    def __init__(self, capacity: int, voices: Voices, sender: Sender) -> None:
        self.codes = np.zeros((capacity, 128), np.uint8)
        self._voices = voices
        self._sender = sender
        self._known: dict[int, Fitting] = {}

    def of(self, leg: Leg) -> Fitting:
        """Make ready for a leg's stream, unless that is done."""
        known = self._known.get(leg.row)
        if known is None or known.stream is not leg.stream:
            known = self._known[leg.row] = self._made(leg)
        return known

    def outlet(self, leg: Leg) -> OutletKind | None:
        """Return how a listener is sent sound; None where it can be sent none now."""
        return self.of(leg).outlet if leg.may_send else None

    def forget(self, row: int) -> None:
        """Make everything ready anew when it is asked for next: the row is another's, or its codecs begin anew."""
        self._known.pop(row, None)

    def _made(self, leg: Leg) -> Fitting:
        row, formats = leg.row, formats_of(leg)
        self.codes[row] = self._voices.codes_of(formats)
        chosen = self._voices.preferred(formats)
        if chosen is None or leg.stream is None:
            return Fitting(leg.stream, None, None)
        form, voice = chosen
        self._sender.set_format(row, form.send_type)
        packed = self._voices.packet_codec
        if packed is not None and voice.code == PACKED_CODE:
            packed.tune(row, dtx="usedtx=1" in form.parameters)
        cells = FRAME_CELLS if voice.code == PACKED_CODE else cells_of(leg.stream.ptime_ms)
        return Fitting(leg.stream, (voice.code, cells), voice.rate_hz)


def formats_of(leg: Leg) -> tuple[Format, ...]:
    """Return what was agreed upon with a leg's phone; nothing while nothing was."""
    return () if leg.stream is None else leg.stream.formats
