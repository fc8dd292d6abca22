"""The fact of a phone's own report about how well it heard a call (RFC 6035)."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("phone.quality_reported")
class PhoneQualityReported:
    """A phone told how well it heard; numbers are -1 where it said nothing."""

    leg: str
    user: str
    kind: str
    """``CallTerm``, ``Interval`` or ``Alert``."""
    mos_listening: float
    mos_conversation: float
    lost_percent: float
    discarded_percent: float
    round_trip_ms: float
    jitter_ms: float
