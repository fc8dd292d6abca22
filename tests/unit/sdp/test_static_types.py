from __future__ import annotations

import pytest

from softswitch.sdp.static_types import STATIC_FORMATS


@pytest.mark.parametrize(
    ("number", "encoding", "clock_rate_hz", "channels"),
    [
        (0, "PCMU", 8000, 1),
        (3, "GSM", 8000, 1),
        (4, "G723", 8000, 1),
        (5, "DVI4", 8000, 1),
        (6, "DVI4", 16000, 1),
        (7, "LPC", 8000, 1),
        (8, "PCMA", 8000, 1),
        (9, "G722", 8000, 1),
        (10, "L16", 44100, 2),
        (11, "L16", 44100, 1),
        (12, "QCELP", 8000, 1),
        (13, "CN", 8000, 1),
        (14, "MPA", 90000, 1),
        (15, "G728", 8000, 1),
        (16, "DVI4", 11025, 1),
        (17, "DVI4", 22050, 1),
        (18, "G729", 8000, 1),
    ],
)
def test_a_static_number_means_what_rfc_3551_says(
    number: int, encoding: str, clock_rate_hz: int, channels: int
) -> None:
    known = STATIC_FORMATS[number]
    assert known == (number, encoding, clock_rate_hz, channels, "")


def test_reserved_and_unassigned_numbers_mean_nothing() -> None:
    assert set(STATIC_FORMATS) == set(range(19)) - {1, 2}
