from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError, SdpError
from softswitch.sdp.audio import remote_audio
from softswitch.sdp.direction import Direction
from softswitch.sdp.model import Media, Origin, PayloadFormat, SessionDescription
from softswitch.sdp.offer_answer import common_formats, make_answer, make_offer
from softswitch.sdp.parse import parse_sdp

HEAD = "v=0\no=- 7 8 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nt=0 0\n"
OURS = Origin(1, 2, "203.0.113.1")
PCMU = PayloadFormat(0, "PCMU", 8000)
PCMA = PayloadFormat(8, "PCMA", 8000)
EVENTS = PayloadFormat(101, "telephone-event", 8000, 1, "0-16")
OPUS = PayloadFormat(96, "OPUS", 48000, 2, "useinbandfec=1")


def answer(
    stream: str,
    *formats: PayloadFormat,
    direction: Direction = Direction.SENDRECV,
    ptime_ms: int | None = None,
) -> SessionDescription:
    return make_answer(parse_sdp(HEAD + stream), OURS, "203.0.113.1", 16384, formats, direction, ptime_ms=ptime_ms)


def test_an_offer_names_every_format_and_its_direction() -> None:
    offer = make_offer(OURS, "203.0.113.1", 16384, [OPUS, PCMA, EVENTS], Direction.SENDONLY, 30)
    assert offer == SessionDescription(
        OURS,
        "203.0.113.1",
        (
            Media(
                "audio",
                16384,
                "RTP/AVP",
                ("96", "8", "101"),
                "",
                (
                    "rtpmap:96 opus/48000/2",
                    "fmtp:96 useinbandfec=1",
                    "rtpmap:8 PCMA/8000",
                    "rtpmap:101 telephone-event/8000",
                    "fmtp:101 0-16",
                    "ptime:30",
                    "sendonly",
                ),
            ),
        ),
    )


def test_an_offer_is_read_back_as_it_was_meant() -> None:
    audio = remote_audio(make_offer(OURS, "203.0.113.1", 16384, [OPUS, PCMA, EVENTS]))
    assert audio is not None
    assert audio.formats == (OPUS, PCMA, EVENTS)


@pytest.mark.parametrize("formats", [(), (EVENTS,)])
def test_an_offer_without_sound_is_our_own_mistake(formats: tuple[PayloadFormat, ...]) -> None:
    with pytest.raises(LocalProtocolError):
        make_offer(OURS, "203.0.113.1", 16384, formats)


@pytest.mark.parametrize(
    ("previous", "kinds"),
    [
        ("m=video 0 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\n", [("video", 0), ("audio", 16384)]),
        ("m=audio 0 RTP/SAVP 0\nm=audio 4000 RTP/AVP 0\n", [("audio", 0), ("audio", 16384)]),
        ("m=audio 0 RTP/AVP 0\nm=video 4000 RTP/AVP 31\n", [("audio", 16384), ("video", 0)]),
        ("m=video 4000 RTP/AVP 31\n", [("video", 0), ("audio", 16384)]),
        ("", [("audio", 16384)]),
    ],
)
def test_a_later_offer_keeps_every_stream_at_its_place(previous: str, kinds: list[tuple[str, int]]) -> None:
    before = parse_sdp(HEAD + previous)
    offer = make_offer(OURS, "203.0.113.1", 16384, [PCMA], previous=before)
    assert [(media.kind, media.port) for media in offer.media] == kinds


def test_an_answer_refuses_every_other_stream_at_its_place() -> None:
    made = answer(
        "m=video 5000 RTP/AVP 31\na=rtpmap:31 H261/90000\n"
        "m=audio 4000 RTP/AVP 0 8\nm=image 6000 udptl t38\nm=audio 7000 RTP/AVP 0\n",
        PCMA,
    )
    assert made.media == (
        Media("video", 0, "RTP/AVP", ("31",)),
        Media("audio", 16384, "RTP/AVP", ("8",), "", ("rtpmap:8 PCMA/8000", "ptime:20", "sendrecv")),
        Media("image", 0, "udptl", ("t38",)),
        Media("audio", 0, "RTP/AVP", ("0",)),
    )


def test_an_answer_keeps_our_order_and_drops_what_was_not_offered() -> None:
    made = answer("m=audio 4000 RTP/AVP 0 8\n", PCMA, EVENTS, PCMU)
    assert made.media[0].formats == ("8", "0")


@pytest.mark.parametrize("formats", [(), (EVENTS,), (OPUS,), (PayloadFormat(7, "PCMU", 8000),)])
def test_no_common_sound_is_488(formats: tuple[PayloadFormat, ...]) -> None:
    stream = "m=audio 4000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n"
    with pytest.raises(SdpError, match="common") as caught:
        answer(stream, *formats)
    assert caught.value.status_hint == 488


def test_no_stream_for_us_is_488() -> None:
    with pytest.raises(SdpError, match="taken") as caught:
        answer("m=audio 0 RTP/AVP 0\n", PCMU)
    assert caught.value.status_hint == 488


@pytest.mark.parametrize(
    ("offered", "wanted", "answered"),
    [("sendonly", Direction.SENDRECV, "recvonly"), ("sendrecv", Direction.SENDONLY, "sendonly")],
)
def test_an_answers_direction_fits_the_offers(offered: str, wanted: Direction, answered: str) -> None:
    made = answer(f"m=audio 4000 RTP/AVP 0\na={offered}\n", PCMU, direction=wanted)
    assert made.media[0].attributes[-1] == answered


def test_an_answer_asks_for_the_offers_packet_length_unless_told_another() -> None:
    stream = "m=audio 4000 RTP/AVP 0\na=ptime:30\n"
    assert "ptime:30" in answer(stream, PCMU).media[0].attributes
    assert "ptime:10" in answer(stream, PCMU, ptime_ms=10).media[0].attributes


def test_the_feedback_profile_is_answered_by_its_name_without_feedback() -> None:
    made = answer("m=audio 4000 RTP/AVPF 0\na=rtcp-fb:* nack\n", PCMU)
    assert made.media[0].protocol == "RTP/AVPF"
    assert not any(text.startswith("rtcp-fb") for text in made.media[0].attributes)


def test_common_formats_have_the_offers_order_and_numbers() -> None:
    offered = (PayloadFormat(97, "OPUS", 48000, 2), PCMA, PayloadFormat(98, "OPUS", 48000, 1), PCMU)
    assert common_formats(offered, [PCMU, OPUS]) == (PayloadFormat(97, "OPUS", 48000, 2, "useinbandfec=1"), PCMU)


def test_common_formats_carry_the_parameters_of_the_side_that_will_receive() -> None:
    theirs = PayloadFormat(120, "telephone-event", 8000, 1, "0-15,66")
    assert common_formats([theirs], [EVENTS]) == (theirs._replace(fmtp="0-16"),)
    assert common_formats([theirs], [EVENTS._replace(fmtp="")]) == (theirs,)
