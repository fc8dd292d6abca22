"""How good each direction of a leg sounds, from what was counted on it (:mod:`softswitch.rtp.e_model`).

From the phone: what never came, what came too late to be heard, and how the losses were spread. To the phone: what its
own reports say. The delay of a direction is half of the way there and back, a packet's length, and the time that
packets wait at the far end: twice their jitter, at least a packet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from softswitch.media.engine import Quality
from softswitch.media.worker.ledger import Counted, Ledger, Out
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.rows import Rows
from softswitch.rtp.e_model import Link, mos, mos_of_rating, rating
from softswitch.rtp.extended_reports import VoipMetrics
from softswitch.rtp.loss_pattern import LossPattern

LEAST_PACKETS: Final = 100
"""Below that, two seconds, nothing is said."""


class Heard(NamedTuple):
    """How a phone's packets came."""

    expected: int
    """How many should have come."""
    link: Link
    r: float
    """Its rating."""
    late: int
    """Packets that came after their turn."""
    pattern: LossPattern
    jitter_ms: float


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

    def of(self, leg: Leg, heard: Heard | None = None) -> Quality:
        """Return what is known of a leg now; ``heard`` is how its phone's packets came, where that is known."""
        heard = heard or self.heard(leg)
        sent, said = self._said(leg)
        return Quality(
            mos_in=round(mos_of_rating(heard.r), 2) if heard.expected >= LEAST_PACKETS else 0.0,
            mos_out=round(mos(said), 2) if sent >= LEAST_PACKETS and said is not None else 0.0,
            lost_in=round(heard.link.lost, 4),
            lost_out=round(said.lost, 4) if said is not None else 0.0,
            jitter_ms=round(heard.jitter_ms, 1),
            round_trip_ms=round(1000 * leg.reports.round_trip_s, 1),
        )

    def scores(self, leg: Leg, counted: Counted, sent: int) -> tuple[float, float]:
        """Return MOS from the phone and to it, 0 where nothing is said; a leg without sound is soon judged."""
        if counted.received + counted.lost < LEAST_PACKETS and sent < LEAST_PACKETS:
            return 0.0, 0.0
        quality = self.of(leg)
        return quality.mos_in, quality.mos_out

    def heard(self, leg: Leg) -> Heard:
        """Return how a phone's packets came."""
        counted, pattern, late = self._ledger.counted(leg.row), self._ledger.pattern(leg.row), self._late_of(leg.row)
        expected = counted.received + counted.lost
        share = min(1.0, (counted.lost + late) / expected) if expected else 0.0
        jitter_ms = 1000 * counted.jitter_rtp / int(self._state.clock_hz[leg.row])
        link = Link(_codec(leg), share, pattern.burst_ratio(share), self._delay_ms(leg, jitter_ms))
        return Heard(expected, link, rating(link), late, pattern, jitter_ms)

    def _said(self, leg: Leg) -> tuple[int, Link | None]:
        """Return how many packets were sent to the phone, and how they came by its reports; None without any."""
        sent, reports = int(self._ledger.outgoing(leg.row)[Out.SENT]), leg.reports
        if not reports.heard_of_us or not sent:
            return sent, None
        share = min(1.0, reports.lost_by_phone / sent + reports.discarded_by_phone)
        jitter_ms = 1000 * reports.jitter_at_phone_rtp / float(self._state.clock_hz[leg.row])
        return sent, Link(_codec(leg), share, 1.0, self._delay_ms(leg, jitter_ms))

    def metrics(self, leg: Leg, ssrc: int, heard: Heard | None = None) -> VoipMetrics | None:
        """Return what the phone is told of its sound (RFC 3611 §4.7); None while there is too little of it."""
        expected, link, r, late, pattern, jitter_ms = heard or self.heard(leg)
        if expected < LEAST_PACKETS:
            return None
        ptime_ms = leg.stream.ptime_ms if leg.stream is not None else 20
        spread = pattern.spread()
        buffer_ms = int(_buffer_ms(jitter_ms, ptime_ms))
        return VoipMetrics(
            ssrc,
            max(0.0, link.lost - late / expected),
            late / expected,
            spread.burst_density,
            spread.gap_density,
            int(spread.burst_packets * ptime_ms),
            int(spread.gap_packets * ptime_ms),
            int(1000 * leg.reports.round_trip_s),
            buffer_ms + ptime_ms,
            max(0.0, r),
            mos(link._replace(delay_ms=0.0)),
            mos_of_rating(r),
            buffer_ms,
            buffer_ms,
        )

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
