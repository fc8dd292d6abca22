"""How good a call sounds, by the E-model (ITU-T G.107) in the reduced form that is usual for RTP.

With all that a switch cannot measure at its default values, the rating is ``R = 93.2 - Id - Ie,eff``: what delay takes
away (the two straight lines that approximate G.107 §7.4 without echo) and what codec and loss take away (§7.5). MOS
follows from R (Annex B). The scale is the narrow-band one, so a wide-band codec is not rated above PCM.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Impairment(NamedTuple):
    """What a codec costs."""

    ie: float
    """Equipment impairment without loss."""
    bpl: float
    """Robustness against loss, packet loss concealment included."""


IMPAIRMENTS: Final = {
    "PCMU": Impairment(0, 25.1),
    "PCMA": Impairment(0, 25.1),
    "L16": Impairment(0, 25.1),
    "G722": Impairment(0, 25.1),
    "OPUS": Impairment(0, 25.1),
    "G726-32": Impairment(7, 16.0),
    "G729": Impairment(11, 19.0),
    "G723": Impairment(15, 16.1),
    "GSM": Impairment(20, 10.0),
}
"""G.113 Appendix I: Ie from table I.1, Bpl from table I.4 (G.711 with concealment, G.729A, G.723.1). Where the appendix
has no value of the narrow-band scale, that of the nearest codec stands: G.711's for G.722 and Opus, G.723.1's and
GSM-EFR's robustness for G.726 and GSM."""
_UNKNOWN: Final = Impairment(11, 19.0)
_R_BEST: Final = 93.2
_KNEE_MS: Final = 177.3


class Link(NamedTuple):
    """One direction of a call as far as it was measured."""

    codec: str
    """Name in ``rtpmap``, upper case."""
    lost: float
    """Share of packets that were not heard, lost or too late, from 0 to 1."""
    burst_ratio: float = 1.0
    """How much longer losses in a row are than they would be by chance; at least 1."""
    delay_ms: float = 0.0
    """From mouth to ear."""


def rating(link: Link) -> float:
    """Return R, at most 93.2; it may fall below 0."""
    known = IMPAIRMENTS.get(link.codec, _UNKNOWN)
    percent = 100.0 * min(1.0, max(0.0, link.lost))
    effective = known.ie + (95.0 - known.ie) * percent / (percent / max(1.0, link.burst_ratio) + known.bpl)
    late = max(0.0, link.delay_ms - _KNEE_MS)
    return _R_BEST - 0.024 * link.delay_ms - 0.11 * late - effective


def mos_of_rating(r: float) -> float:
    """Return the mean opinion score of a rating, from 1 to 4.5 (G.107 Annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6)


def mos(link: Link) -> float:
    """Return the mean opinion score of a direction of a call."""
    return mos_of_rating(rating(link))
