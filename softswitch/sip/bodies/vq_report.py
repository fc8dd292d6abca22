"""``application/vq-rtcpxr`` (RFC 6035): how well a phone heard a call, as it reports it itself."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from softswitch.core.errors import SipError

CONTENT_TYPE: Final = "application/vq-rtcpxr"
MOST_OCTETS: Final = 8192
_LONGEST_TEXT: Final = 256


class VqReport(NamedTuple):
    """What a phone says of what it heard; -1 where it says nothing."""

    kind: str
    """``CallTerm``, ``Interval`` or ``Alert``: when it reports."""
    sip_call_id: str
    mos_listening: float = -1.0
    mos_conversation: float = -1.0
    lost_percent: float = -1.0
    """Lost in the network."""
    discarded_percent: float = -1.0
    """Thrown away by the jitter buffer."""
    round_trip_ms: float = -1.0
    jitter_ms: float = -1.0


_METRICS: Final = {
    "NLR": "lost_percent",
    "JDR": "discarded_percent",
    "RTD": "round_trip_ms",
    "IAJ": "jitter_ms",
    "MOSLQ": "mos_listening",
    "MOSCQ": "mos_conversation",
}
_KINDS: Final = {"VQSESSIONREPORT": "", "VQINTERVALREPORT": "Interval", "VQALERTREPORT": "Alert"}


def read_report(body: bytes) -> VqReport:
    """Read a report: the metrics of the phone's own end alone.

    Raises:
        SipError: it is too large (413), or names no call.
    """
    if len(body) > MOST_OCTETS:
        raise SipError("the report is too large", 413)
    kind, sip_call_id, local = "", "", False
    found: dict[str, float] = {}
    for line in body.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        name, value = name.strip().upper(), value.strip()
        if name in _KINDS:
            kind = _KINDS[name] or value.partition(" ")[0] or "Interval"
        elif name == "CALLID":
            sip_call_id = value[:_LONGEST_TEXT]
        elif name in {"LOCALMETRICS", "REMOTEMETRICS"}:
            local = name == "LOCALMETRICS"
        elif colon and local:
            found.update(_metrics(value))
    if not (kind and sip_call_id):
        raise SipError("a report of no call")
    return VqReport(kind[:20], sip_call_id, **found)


def _metrics(text: str) -> dict[str, float]:
    found = {}
    for word in text.split():
        name, _, value = word.partition("=")
        field = _METRICS.get(name.upper())
        number = _number(value)
        if field is not None and number is not None:
            found[field] = number
    return found


def _number(text: str) -> float | None:
    try:
        number = float(text[:16])
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number < 1e6 else None
