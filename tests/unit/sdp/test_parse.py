from __future__ import annotations

import pytest

from softswitch.core.errors import SdpError
from softswitch.sdp.model import Media, Origin, SessionDescription
from softswitch.sdp.parse import LONGEST_CHARACTERS, parse_sdp

HEAD = "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
AUDIO = Media("audio", 4000, "RTP/AVP", ("0", "8"), "", ("ptime:20",))
WHOLE = SessionDescription(Origin(7, 8, "192.0.2.1"), "192.0.2.1", (AUDIO,))
TEXT = HEAD + "m=audio 4000 RTP/AVP 0 8\r\na=ptime:20\r\n"


def test_a_plain_description_becomes_its_parts() -> None:
    assert parse_sdp(TEXT) == WHOLE


def test_the_same_text_gives_the_same_object() -> None:
    assert parse_sdp(TEXT) is parse_sdp("".join(list(TEXT)))


@pytest.mark.parametrize(
    "careless",
    [
        TEXT.removesuffix("\r\n"),
        TEXT.replace("\r\n", "\n"),
        TEXT.replace("\r\n", "\r"),
        TEXT.replace("\r\n", " \r\n"),
        TEXT.replace("\r\n", "\t\r\n"),
        TEXT.replace("a=", "a=\t"),
        TEXT.replace("\r\n", "\r\n\r\n"),
        "\r\n" + TEXT,
        TEXT.replace("s=-", "s=- \r\nb=AS:64\r\nx=what"),
        TEXT.replace("m=audio", "M=x\r\nm=Audio"),
        TEXT.replace("IN IP4", "in ip4"),
        TEXT.replace("c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2"),
        TEXT + "a=\r\nb=AS:64\r\n",
    ],
)
def test_carelessness_that_is_seen_in_the_field_changes_nothing(careless: str) -> None:
    assert parse_sdp(careless) == WHOLE


def test_streams_keep_their_order_their_addresses_and_their_attributes() -> None:
    found = parse_sdp(
        HEAD + "a=tool:x\nm=video 0 RTP/AVP\nm=audio 4000/2 RTP/AVP 0\na=one\nc=IN IP6 2001:db8::1\na=two:2\n"
    )
    assert found.attributes == ("tool:x",)
    assert found.media == (
        Media("video", 0, "RTP/AVP", ("0",)),
        Media("audio", 4000, "RTP/AVP", ("0",), "2001:db8::1", ("one", "two:2"), 2),
    )


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("o=a b c 7 8 IN IP4 h.example", Origin(7, 8, "h.example")),
        ("o=7 8 IN IP4 192.0.2.1", Origin(7, 8, "192.0.2.1")),
        ("o=- x1 0x8 IN IP6 ::1", Origin(0, 0, "::1")),
        (f"o=- {'9' * 21} {'9' * 20} IN IP4 192.0.2.1", Origin(0, 10**20 - 1, "192.0.2.1")),
        ("s=x\r\no=- 7 8 IN IP4 192.0.2.1", Origin(7, 8, "192.0.2.1")),
    ],
)
def test_an_odd_origin_is_read_as_far_as_it_goes(line: str, origin: Origin) -> None:
    text = HEAD.replace("o=- 7 8 IN IP4 192.0.2.1", line)
    assert parse_sdp(text).origin == origin


def test_a_refused_stream_needs_no_address() -> None:
    assert parse_sdp("v=0\no=- 1 1 IN IP4 h\nm=audio 0 RTP/AVP 0\n").address == ""


def test_a_description_of_an_attackers_length_is_refused() -> None:
    with pytest.raises(SdpError, match="characters") as caught:
        parse_sdp(TEXT + "a=" + "x" * LONGEST_CHARACTERS)
    assert caught.value.status_hint == 400
