from __future__ import annotations

import struct

import pytest

from softswitch.core.errors import LocalProtocolError, RtpError
from softswitch.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    UnknownRtcp,
    build_rtcp,
    middle_of_ntp,
    ntp_of_wall,
    parse_rtcp,
    round_trip_s,
)

BLOCK = ReportBlock(2, 64, -3, 70000, 12, 0x12345678, 65536)
SENDER = SenderReport(1, 0x0102030405060708, 160, 50, 8000, (BLOCK,))
RECEIVER = ReceiverReport(1)


def test_a_sender_report_has_the_octets_of_the_rfc() -> None:
    assert build_rtcp([SENDER]) == bytes.fromhex(
        "81 c8 000c 00000001 0102030405060708 000000a0 00000032 00001f40"
        "00000002 40 fffffd 00011170 0000000c 12345678 00010000"
    )


@pytest.mark.parametrize(
    "packets",
    [
        (SENDER,),
        (RECEIVER,),
        (ReceiverReport(1, (BLOCK, BLOCK._replace(ssrc=3, lost=(1 << 23) - 1))),),
        (RECEIVER, SourceDescription(((1, "a@192.0.2.1"),))),
        (RECEIVER, SourceDescription(((1, "abc"), (2, ""), (3, "é")))),
        (RECEIVER, SourceDescription(())),
        (RECEIVER, Goodbye((1, 2))),
        (RECEIVER, Goodbye((1,), "hung up")),
        (RECEIVER, Goodbye(())),
        (RECEIVER, UnknownRtcp(204, 3, b"\0\0\0\1name"), UnknownRtcp(207, 0, b"")),
    ],
)
def test_what_is_built_is_read_back(packets: tuple[RtcpPacket, ...]) -> None:
    assert parse_rtcp(build_rtcp(packets)) == packets


def test_padding_of_the_last_packet_is_taken_off() -> None:
    padded = build_rtcp([RECEIVER]) + bytes.fromhex("a1 cb 0002 00000001 00000004")
    assert parse_rtcp(padded) == (RECEIVER, Goodbye((1,)))


def test_a_profiles_extension_behind_the_blocks_is_ignored() -> None:
    assert parse_rtcp(bytes.fromhex("80 c9 0002 00000001 cafecafe")) == (RECEIVER,)


def test_other_items_of_a_source_are_read_over() -> None:
    body = bytes.fromhex("81 ca 0004 00000009 02 03 426f62 01 02 6869 00 0000")
    assert parse_rtcp(build_rtcp([RECEIVER]) + body)[1] == SourceDescription(((9, "hi"),))


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "80 c9 0001",
        "80 cb 0001 00000001",
        "a0 c9 0001 00000001",
        "00 c9 0001 00000001",
        "80 c9 0002 00000001",
        "80 c9 0001 00000001 81",
        "80 c9 0001 00000001 41 cb 0001 00000001",
        "80 c9 0001 00000001 a0 cb 0001 00000004 80 cb 0000",
        "80 c9 0001 00000001 a0 cb 0001 00000000",
        "80 c9 0001 00000001 a0 cb 0001 00000008",
        "80 c9 0001 00000001 a0 cb 0001 00000003",
        "80 c9 0001 00000001 a0 cb 0000",
    ],
)
def test_a_compound_that_breaks_the_rules_is_refused(octets: str) -> None:
    with pytest.raises(RtpError):
        parse_rtcp(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "octets",
    [
        "80 c8 0001 00000001",
        "81 c9 0001 00000001",
        "80 c9 0000 80 cb 0000",
        "80 c9 0001 00000001 81 ca 0000",
        "80 c9 0001 00000001 81 ca 0001 00000009",
        "80 c9 0001 00000001 81 ca 0002 00000009 01 ff 6162",
        "80 c9 0001 00000001 82 cb 0001 00000009",
    ],
)
def test_a_packet_shorter_than_its_counts_is_refused(octets: str) -> None:
    with pytest.raises(RtpError, match="cut off"):
        parse_rtcp(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "packets",
    [
        (),
        (Goodbye((1,)),),
        (ReceiverReport(1 << 32),),
        (SENDER._replace(ntp=1 << 64),),
        (ReceiverReport(1, (BLOCK,) * 32),),
        (ReceiverReport(1, (BLOCK._replace(fraction_lost=256),)),),
        (RECEIVER, SourceDescription(((1, "x" * 256),))),
        (RECEIVER, Goodbye((1,), "x" * 256)),
        (RECEIVER, UnknownRtcp(204, 0, b"abc")),
    ],
)
def test_a_compound_that_may_not_be_is_our_own_mistake(packets: tuple[RtcpPacket, ...]) -> None:
    with pytest.raises(LocalProtocolError):
        build_rtcp(packets)


def test_ntp_time_counts_from_1900_in_halves_of_64_bits() -> None:
    assert ntp_of_wall(0.5) == 2_208_988_800 << 32 | 1 << 31
    assert middle_of_ntp(0x0102030405060708) == 0x03040506


def test_the_round_trip_is_the_example_of_the_rfc() -> None:
    # RFC 3550 figure 2: sent at b44d:b705.2000 0000, heard there 5.25 s, arrived at b710:8000 (middle 32 bits)
    block = BLOCK._replace(last_report=0xB7052000, delay_since_last=0x00054000)
    assert round_trip_s(block, 0xB44D_B710_8000_0000) == pytest.approx(6.125)


def test_the_round_trip_survives_the_wrap_of_16_bits_of_seconds() -> None:
    block = BLOCK._replace(last_report=0xFFFF8000, delay_since_last=0x8000)
    assert round_trip_s(block, struct.unpack("!Q", bytes.fromhex("00000000 80000000"))[0]) == pytest.approx(0.5)


def test_without_our_report_or_with_a_lying_delay_there_is_no_round_trip() -> None:
    assert round_trip_s(BLOCK._replace(last_report=0), 1 << 40) is None
    assert round_trip_s(BLOCK._replace(last_report=0x10000, delay_since_last=0x20000), 0x10000 << 16) is None
