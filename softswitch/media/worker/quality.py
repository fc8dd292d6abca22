"""How good each direction of a leg sounds, from what was counted on it (:mod:`softswitch.rtp.e_model`).

From the phone: what never came, what came too late to be heard, and how the losses were spread. To the phone: what its
own reports say. The delay of a direction is half of the way there and back, a packet's length, and the time that
packets wait at the far end: twice their jitter, at least a packet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from softswitch.media.engine import Quality
from softswitch.media.worker.ledger import Ledger, Out
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.rows import Rows
from softswitch.rtp.e_model import Link, mos, rating
from softswitch.rtp.extended_reports import VoipMetrics

LEAST_PACKETS: Final = 100
"""Below that, two seconds, nothing is said."""


class QualityMeter:
    """Judges legs.

    Args:
        state: the rows.
        ledger: what came and went.
        late_of: tells how many packets of a row came after their turn.
    """

    def __init__(self, state: Rows, ledger: Ledger, late_of: Callable[[int], int]) -> None:
        self._state = state
        self._ledger = ledger
        self._late_of = late_of

    def of(self, leg: Leg) -> Quality:
        """Return what is known of a leg now."""
        received, heard = self.heard(leg)
        sent, said = self._said(leg)
        return Quality(
            mos_in=round(mos(heard), 2) if received >= LEAST_PACKETS else 0.0,
            mos_out=round(mos(said), 2) if sent >= LEAST_PACKETS and said is not None else 0.0,
            lost_in=round(heard.lost, 4),
            lost_out=round(said.lost, 4) if said is not None else 0.0,
            jitter_ms=round(self._jitter_ms(leg), 1),
            round_trip_ms=round(1000 * leg.reports.round_trip_s, 1),
        )

    def heard(self, leg: Leg) -> tuple[int, Link]:
        """Return how many packets should have come from the phone, and how they did."""
        row = leg.row
        received, lost, late = self._ledger.received(row), self._ledger.lost(row), self._late_of(row)
        expected = received + lost
        share = min(1.0, (lost + late) / expected) if expected else 0.0
        ratio = self._ledger.pattern(row).burst_ratio(share)
        return expected, Link(_codec(leg), share, ratio, self._delay_ms(leg, self._jitter_ms(leg)))

    def _said(self, leg: Leg) -> tuple[int, Link | None]:
        """Return how many packets were sent to the phone, and how they came by its reports; None without any."""
        sent, reports = int(self._ledger.outgoing(leg.row)[Out.SENT]), leg.reports
        if not reports.heard_of_us or not sent:
            return sent, None
        share = min(1.0, reports.lost_by_phone / sent + reports.discarded_by_phone)
        jitter_ms = 1000 * reports.jitter_at_phone_rtp / float(self._state.clock_hz[leg.row])
        return sent, Link(_codec(leg), share, 1.0, self._delay_ms(leg, jitter_ms))

    def metrics(self, leg: Leg, ssrc: int) -> VoipMetrics | None:
        """Return what the phone is told of its sound (RFC 3611 §4.7); None while there is too little of it."""
        expected, link = self.heard(leg)
        if expected < LEAST_PACKETS:
            return None
        ptime_ms = leg.stream.ptime_ms if leg.stream is not None else 20
        late, spread = self._late_of(leg.row) / expected, self._ledger.pattern(leg.row).spread()
        buffer_ms = int(_buffer_ms(self._jitter_ms(leg), ptime_ms))
        return VoipMetrics(
            ssrc,
            max(0.0, link.lost - late),
            late,
            spread.burst_density,
            spread.gap_density,
            int(spread.burst_packets * ptime_ms),
            int(spread.gap_packets * ptime_ms),
            int(1000 * leg.reports.round_trip_s),
            buffer_ms + ptime_ms,
            max(0.0, rating(link)),
            mos(link._replace(delay_ms=0.0)),
            mos(link),
            buffer_ms,
            buffer_ms,
        )

    def _jitter_ms(self, leg: Leg) -> float:
        return 1000 * self._ledger.jitter_rtp(leg.row) / float(self._state.clock_hz[leg.row])

    @staticmethod
    def _delay_ms(leg: Leg, jitter_ms: float) -> float:
        ptime_ms = leg.stream.ptime_ms if leg.stream is not None else 20
        return 500 * leg.reports.round_trip_s + ptime_ms + _buffer_ms(jitter_ms, ptime_ms)


def _buffer_ms(jitter_ms: float, ptime_ms: int) -> float:
    return max(2 * jitter_ms, float(ptime_ms))


def _codec(leg: Leg) -> str:
    """Return the codec that is spoken; unknown where nothing is agreed upon."""
    formats = () if leg.stream is None else leg.stream.formats
    return next((form.encoding for form in formats if form.encoding not in {"telephone-event", "CN"}), "")
