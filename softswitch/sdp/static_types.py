"""The payload types that need no ``rtpmap``: the audio half of RFC 3551's table 4 (§6)."""

from __future__ import annotations

from typing import Final

from softswitch.sdp.model import PayloadFormat

_TABLE: Final = (
    PayloadFormat(0, "PCMU", 8000),
    PayloadFormat(3, "GSM", 8000),
    PayloadFormat(4, "G723", 8000),
    PayloadFormat(5, "DVI4", 8000),
    PayloadFormat(6, "DVI4", 16000),
    PayloadFormat(7, "LPC", 8000),
    PayloadFormat(8, "PCMA", 8000),
    PayloadFormat(9, "G722", 8000),  # samples at 16,000 Hz, timestamps at 8,000 (§4.5.2)
    PayloadFormat(10, "L16", 44100, 2),
    PayloadFormat(11, "L16", 44100),
    PayloadFormat(12, "QCELP", 8000),
    PayloadFormat(13, "CN", 8000),
    PayloadFormat(14, "MPA", 90000),
    PayloadFormat(15, "G728", 8000),
    PayloadFormat(16, "DVI4", 11025),
    PayloadFormat(17, "DVI4", 22050),
    PayloadFormat(18, "G729", 8000),
)
STATIC_FORMATS: Final = {known.payload_type: known for known in _TABLE}
"""Audio formats by their static number; numbers of video, reserved and unassigned ones are not in it."""
