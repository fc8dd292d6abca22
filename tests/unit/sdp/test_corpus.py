"""The descriptions under tests/corpora/sdp, each with the exact result that its manifest names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from softswitch.core.errors import SdpError
from softswitch.sdp import (
    Direction,
    Origin,
    PayloadFormat,
    common_formats,
    make_answer,
    parse_sdp,
    remote_audio,
    write_sdp,
)

CORPUS = Path(__file__).parents[2] / "corpora" / "sdp"
MANIFEST: dict[str, list[dict[str, Any]]] = tomllib.loads((CORPUS / "manifest.toml").read_text(encoding="utf-8"))
OURS = Origin(1, 1, "203.0.113.1")


def text_of(name: str) -> str:
    return (CORPUS / name).read_bytes().decode()


def as_format(text: str) -> PayloadFormat:
    name, clock, *channels = text.split("/")
    name = name if name == "telephone-event" else name.upper()
    return PayloadFormat(0, name, int(clock), int(channels[0]) if channels else 1)


def as_text(known: PayloadFormat) -> str:
    return f"{known.payload_type} {known.encoding}/{known.clock_rate_hz} {known.fmtp}".strip()


@pytest.mark.parametrize("case", MANIFEST["exchange"], ids=lambda case: case["reply"])
def test_an_offer_gets_exactly_this_answer(case: dict[str, Any]) -> None:
    offer = parse_sdp(text_of(case["offer"]))
    audio = remote_audio(offer)
    assert audio is not None
    formats = common_formats(audio.formats, [as_format(text) for text in case["took"]])
    assert write_sdp(make_answer(offer, OURS, "203.0.113.1", 16384, formats)) == text_of(case["reply"])


@pytest.mark.parametrize("case", MANIFEST["unacceptable"], ids=lambda case: case["offer"])
def test_an_offer_without_a_stream_for_us_is_refused_with_488(case: dict[str, Any]) -> None:
    offer = parse_sdp(text_of(case["offer"]))
    assert remote_audio(offer) is None
    with pytest.raises(SdpError) as caught:
        make_answer(offer, OURS, "203.0.113.1", 16384, [PayloadFormat(0, "PCMU", 8000)])
    assert caught.value.status_hint == 488


@pytest.mark.parametrize("case", MANIFEST["audio"], ids=lambda case: case["file"])
def test_this_is_read_of_the_first_audio_stream(case: dict[str, Any]) -> None:
    audio = remote_audio(parse_sdp(text_of(case["file"])))
    assert audio is not None
    assert (audio.address, audio.port, audio.rtcp_port) == (case["address"], case["port"], case["rtcp_port"])
    assert [as_text(known) for known in audio.formats] == case["formats"]
    assert audio.direction is Direction(case.get("direction", "sendrecv"))
    assert audio.on_hold == case.get("on_hold", False)
    assert audio.ptime_ms == case.get("ptime_ms", 20)


@pytest.mark.parametrize("case", MANIFEST["malformed"], ids=lambda case: case["name"])
def test_what_is_no_description_is_refused_with_400(case: dict[str, Any]) -> None:
    with pytest.raises(SdpError) as caught:
        parse_sdp(case["text"])
    assert caught.value.status_hint == 400


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*.sdp")), ids=lambda path: path.stem)
def test_every_file_is_named_in_the_manifest_and_survives_writing(path: Path) -> None:
    name = path.relative_to(CORPUS).as_posix()
    assert any(name in case.values() for cases in MANIFEST.values() for case in cases)
    description = parse_sdp(text_of(name))
    assert parse_sdp(write_sdp(description)) == description
