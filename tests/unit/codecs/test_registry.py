from __future__ import annotations

import pytest

from softswitch_codecs import codec_class, codecs, frame_octets, frame_samples, missing_codecs
from softswitch_codecs.g711 import Pcma, Pcmu
from softswitch_codecs.registry import codec, missing


def test_a_codec_is_found_by_its_name_in_any_case_and_its_rtp_clock() -> None:
    assert codec_class("PCMU") is Pcmu
    assert codec_class("pcma", 8000) is Pcma
    assert codec_class("PCMA", 16000) is None
    assert {"PCMU", "PCMA", "G722", "L16"} == {each.encoding for each in codecs()}


def test_a_name_nobody_entered_gives_none() -> None:
    assert codec_class("telephone-event") is None


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="PCMU/8000"):
        codec(Pcmu)


def test_what_this_machine_lacks_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch_codecs.registry._MISSING", {})
    missing("EVS", 16000, "nobody wrote it")
    assert missing_codecs() == {("EVS", 16000): "nobody wrote it"}
    assert codec_class("EVS", 16000) is None


@pytest.mark.parametrize(
    ("encoding", "clock_rate_hz", "octets", "samples"),
    [
        ("PCMU", 8000, 160, 160),
        ("PCMA", 8000, 160, 160),
        ("G722", 8000, 160, 320),
        ("L16", 8000, 320, 160),
        ("L16", 16000, 640, 320),
        ("L16", 48000, 1920, 960),
    ],
)
@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_packets_of_10_to_60_ms_have_the_octets_and_samples_that_the_codec_says(
    encoding: str, clock_rate_hz: int, octets: int, samples: int, ptime_ms: int
) -> None:
    cls = codec_class(encoding, clock_rate_hz)
    assert cls is not None
    assert frame_octets(cls, ptime_ms) == octets * ptime_ms // 20
    assert frame_samples(cls, ptime_ms) == samples * ptime_ms // 20
