from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError, RtpError
from softswitch.rtp.packet import Extension, RtpPacket, build_rtp, looks_like_rtcp, parse_rtp

PLAIN = bytes.fromhex("80 00 1234 00000100 deadbeef") + b"\xff" * 160
FULL = bytes.fromhex("b2 e5 ffff ffffffff 00000001 00000002 00000003 bede 0001 10203040 aabb 00 02")


def test_a_plain_packet_becomes_its_fields() -> None:
    assert parse_rtp(PLAIN) == RtpPacket(0, 0x1234, 0x100, 0xDEADBEEF, b"\xff" * 160)


def test_sources_extension_marker_and_padding_are_taken_apart() -> None:
    assert parse_rtp(FULL) == RtpPacket(
        101,
        0xFFFF,
        0xFFFFFFFF,
        1,
        b"\xaa\xbb",
        marker=True,
        sources=(2, 3),
        extension=Extension(0xBEDE, bytes.fromhex("10203040")),
    )


def test_what_is_parsed_builds_the_same_octets() -> None:
    assert build_rtp(parse_rtp(PLAIN)) == PLAIN
    assert build_rtp(parse_rtp(FULL), padding_octets=2) == FULL


def test_a_packet_of_padding_alone_is_empty() -> None:
    packet = RtpPacket(0, 1, 2, 3)
    assert parse_rtp(build_rtp(packet, padding_octets=255)) == packet


@pytest.mark.parametrize("length", range(12))
def test_less_than_a_header_is_refused(length: int) -> None:
    with pytest.raises(RtpError):
        parse_rtp(PLAIN[:length])


@pytest.mark.parametrize("first", [0x00, 0x40, 0xC0])
def test_another_version_is_refused(first: int) -> None:
    with pytest.raises(RtpError, match="version"):
        parse_rtp(bytes([first]) + PLAIN[1:])


@pytest.mark.parametrize("length", [13, 19, 20, 21, 23, 24, 27])
def test_a_header_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(RtpError, match="cut off"):
        parse_rtp(FULL[:length])


@pytest.mark.parametrize("count", [0, 5, 255])
def test_padding_that_does_not_fit_is_refused(count: int) -> None:
    with pytest.raises(RtpError, match="padding"):
        parse_rtp(FULL[:-1] + bytes([count]))


def test_padding_where_nothing_follows_the_header_is_refused() -> None:
    with pytest.raises(RtpError, match="padding"):
        parse_rtp(bytes.fromhex("a0 00 0001 00000001 00000001"))


@pytest.mark.parametrize(
    "packet",
    [
        RtpPacket(0, 65536, 0, 0),
        RtpPacket(0, 0, -1, 0),
        RtpPacket(0, 0, 0, 1 << 32),
        RtpPacket(256, 0, 0, 0),
        RtpPacket(0, 0, 0, 0, sources=tuple(range(16))),
        RtpPacket(0, 0, 0, 0, sources=(1 << 32,)),
        RtpPacket(0, 0, 0, 0, extension=Extension(0, b"abc")),
        RtpPacket(0, 0, 0, 0, extension=Extension(65536, b"")),
    ],
)
def test_a_field_that_does_not_fit_is_our_own_mistake(packet: RtpPacket) -> None:
    with pytest.raises(LocalProtocolError):
        build_rtp(packet)


def test_padding_beyond_an_octet_is_our_own_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        build_rtp(RtpPacket(0, 0, 0, 0), padding_octets=256)


@pytest.mark.parametrize(
    ("second", "rtcp"), [(0, False), (0x80, False), (191, False), (192, True), (200, True), (223, True), (224, False)]
)
def test_rtcp_on_the_rtp_port_is_known_by_its_type(second: int, rtcp: bool) -> None:
    assert looks_like_rtcp(bytes([0x80, second])) is rtcp


def test_a_single_octet_is_not_rtcp() -> None:
    assert not looks_like_rtcp(b"\x80")
