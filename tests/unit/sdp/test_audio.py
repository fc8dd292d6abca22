from __future__ import annotations

import pytest

from softswitch.sdp.audio import RemoteAudio, remote_audio, unicast_address
from softswitch.sdp.direction import Direction
from softswitch.sdp.model import PayloadFormat
from softswitch.sdp.parse import parse_sdp

HEAD = "v=0\no=- 7 8 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nt=0 0\n"
PCMA = PayloadFormat(8, "PCMA", 8000)


def read(stream: str, head: str = HEAD) -> RemoteAudio | None:
    return remote_audio(parse_sdp(head + stream))


def audio(*attributes: str, head: str = HEAD, formats: str = "8") -> RemoteAudio:
    found = read(f"m=audio 4000 RTP/AVP {formats}\n" + "".join(f"a={text}\n" for text in attributes), head)
    assert found is not None
    return found


def test_a_bare_stream_gets_the_defaults() -> None:
    assert audio() == RemoteAudio("192.0.2.1", 4000, 4001, (PCMA,), Direction.SENDRECV, False, 20, 0)


@pytest.mark.parametrize(
    "stream",
    [
        "",
        "m=audio 0 RTP/AVP 8\n",
        "m=video 4000 RTP/AVP 31\n",
        "m=audio 4000 RTP/SAVP 8\n",
        "m=audio 4000 RTP/SAVPF 8\n",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 8\n",
        "m=audio 4000 TCP/RTP/AVP 8\n",
        "m=audio 4000 RTP/AVP 101 13\na=rtpmap:101 telephone-event/8000\n",
        "m=audio 4000 RTP/AVP 97\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 phone.example.com\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 233.252.0.1/127\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 233.252.0.1\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 255.255.255.255\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP6 ff02::1\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP6 fe80::1%eth0\n",
    ],
)
def test_a_stream_that_cannot_be_taken_is_none(stream: str) -> None:
    assert read(stream) is None


def test_the_first_stream_that_can_be_taken_is_taken() -> None:
    found = read("m=audio 1000 RTP/SAVP 0\nm=audio 2000 RTP/AVP 97\nm=audio 4000 rtp/avp 8\nm=audio 5000 RTP/AVP 0\n")
    assert found is not None
    assert (found.port, found.index) == (4000, 2)


@pytest.mark.parametrize("name", ["sendrecv", "sendonly", "recvonly", "inactive"])
def test_a_direction_may_stand_in_the_session_and_a_streams_own_goes_before(name: str) -> None:
    assert audio(head=HEAD + f"a=tool:x\na={name}\n").direction is Direction(name)
    assert audio(name, head=HEAD + "a=inactive\n").direction is Direction(name)


@pytest.mark.parametrize(
    ("direction", "address", "on_hold"),
    [
        ("sendrecv", "192.0.2.1", False),
        ("recvonly", "192.0.2.1", False),
        ("sendonly", "192.0.2.1", True),
        ("inactive", "192.0.2.1", True),
        ("sendrecv", "0.0.0.0", True),
        ("sendrecv", "::", True),
        ("sendrecv", "0:0:0:0:0:0:0:0", True),
    ],
)
def test_a_phone_holds_by_direction_or_by_the_address_of_nobody(direction: str, address: str, on_hold: bool) -> None:
    family = "IP6" if ":" in address else "IP4"
    found = audio(direction, head=HEAD.replace("c=IN IP4 192.0.2.1", f"c=IN {family} {address}"))
    assert found.on_hold is on_hold
    assert found.direction is Direction(direction)


@pytest.mark.parametrize(
    ("port", "attribute", "rtcp_port"),
    [
        (4000, "", 4001),
        (4000, "a=rtcp:4100\n", 4100),
        (4000, "a=rtcp:4100 IN IP4 192.0.2.9\n", 4100),
        (4000, "a=rtcp:4000\n", 0),
        (4000, "a=rtcp:x\n", 4001),
        (4000, "a=rtcp:65536\n", 4001),
        (65535, "", 0),
    ],
)
def test_rtcp_goes_to_the_next_port_or_where_the_phone_says(port: int, attribute: str, rtcp_port: int) -> None:
    found = read(f"m=audio {port} RTP/AVP 8\n{attribute}")
    assert found is not None
    assert found.rtcp_port == rtcp_port


@pytest.mark.parametrize(
    ("attributes", "ptime_ms"),
    [
        ((), 20),
        (("ptime:30",), 30),
        (("ptime:30.0",), 30),
        (("ptime: 10",), 10),
        (("ptime:0",), 20),
        (("ptime:201",), 20),
        (("ptime:x",), 20),
        (("ptime:40", "maxptime:30"), 30),
        (("maxptime:10",), 10),
        (("maxptime:150",), 20),
    ],
)
def test_the_packet_length_is_what_the_phone_asks_for_within_reason(attributes: tuple[str], ptime_ms: int) -> None:
    assert audio(*attributes).ptime_ms == ptime_ms


def test_numbers_get_their_meaning_from_the_map_before_the_static_table() -> None:
    found = audio("rtpmap:8 L16/8000/2", "rtpmap:96 opus/48000/2", "fmtp:96 stereo=1", formats="8 96 0")
    assert found.formats == (
        PayloadFormat(8, "L16", 8000, 2),
        PayloadFormat(96, "OPUS", 48000, 2, "stereo=1"),
        PayloadFormat(0, "PCMU", 8000),
    )


@pytest.mark.parametrize(
    "broken", ["97 x", "97 /8000", "97 x/", "97 x/0", "97 x/y", "97 x/8000/0", "97 x/1234567890", "97"]
)
def test_a_broken_map_leaves_its_number_out(broken: str) -> None:
    assert audio(f"rtpmap:{broken}", formats="97 8").formats == (PCMA,)


@pytest.mark.parametrize("token", ["128", "1000", "-1", "x", "08", "8"])
def test_a_number_out_of_range_or_said_twice_is_left_out(token: str) -> None:
    assert audio("rtpmap:128 PCMU/8000", formats=f"8 {token}").formats == (PCMA,)


def test_g722_has_the_clock_of_its_rfc_whatever_the_phone_writes() -> None:
    assert audio("rtpmap:9 G722/16000", formats="9").formats == (PayloadFormat(9, "G722", 8000),)


def test_telephone_events_keep_their_small_letters() -> None:
    found = audio("rtpmap:101 TELEPHONE-EVENT/8000", "fmtp:101  0-15", formats="8 101")
    assert found.formats[1] == PayloadFormat(101, "telephone-event", 8000, 1, "0-15")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:0DB8::0:1", "2001:db8::1"),
        ("0.0.0.0", "0.0.0.0"),
        ("192.0.2.1/127", ""),
        ("192.0.2", ""),
        ("", ""),
    ],
)
def test_an_address_gets_one_spelling(text: str, address: str) -> None:
    assert unicast_address(text) == address
