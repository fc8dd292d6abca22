"""RTP, RTCP and telephone events under random octets, losses and orders."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import RtpError
from softswitch.rtp.packet import Extension, RtpPacket, build_rtp, parse_rtp
from softswitch.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    UnknownRtcp,
    build_rtcp,
    parse_rtcp,
)
from softswitch.rtp.sequence import SequenceTracker
from softswitch.rtp.telephone_event import DIGITS, EventPacket, EventReceiver, event_packets
from tests.fuzz.conftest import scale

OCTET, WORD = st.integers(0, 255), st.integers(0, (1 << 32) - 1)
WORDS_OF_OCTETS = st.integers(0, 4).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words))

PACKETS = st.builds(
    RtpPacket,
    st.integers(0, 127),
    st.integers(0, 65535),
    WORD,
    WORD,
    st.binary(max_size=40),
    st.booleans(),
    st.lists(WORD, max_size=15).map(tuple),
    st.none() | st.builds(Extension, st.integers(0, 65535), WORDS_OF_OCTETS),
)

BLOCKS = st.lists(
    st.builds(ReportBlock, WORD, OCTET, st.integers(-(1 << 23), (1 << 23) - 1), WORD, WORD, WORD, WORD), max_size=31
).map(tuple)
TEXTS = st.text(max_size=60)
REPORTS: st.SearchStrategy[RtcpPacket] = st.one_of(
    st.builds(SenderReport, WORD, st.integers(0, (1 << 64) - 1), WORD, WORD, WORD, BLOCKS),
    st.builds(ReceiverReport, WORD, BLOCKS),
)
OTHERS: st.SearchStrategy[RtcpPacket] = st.one_of(
    st.builds(SourceDescription, st.lists(st.tuples(WORD, TEXTS), max_size=5).map(tuple)),
    st.builds(Goodbye, st.lists(WORD, max_size=5).map(tuple), TEXTS),
    st.builds(UnknownRtcp, st.integers(204, 223), st.integers(0, 31), WORDS_OF_OCTETS),
)


@settings(max_examples=scale(100), deadline=None)
@given(PACKETS, st.integers(0, 255))
def test_an_rtp_packet_survives_the_wire(packet: RtpPacket, padding_octets: int) -> None:
    assert parse_rtp(build_rtp(packet, padding_octets=padding_octets)) == packet


@settings(max_examples=scale(150), deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_random_octets_are_an_rtp_packet_or_an_rtp_error(data: bytes, likely: bool) -> None:
    if likely and data:
        data = bytes([data[0] & 0x3F | 0x80]) + data[1:]
    try:
        packet = parse_rtp(data)
    except RtpError:
        return
    assert parse_rtp(build_rtp(packet)) == packet


@settings(max_examples=scale(100), deadline=None)
@given(REPORTS, st.lists(OTHERS, max_size=3))
def test_an_rtcp_compound_survives_the_wire(first: RtcpPacket, others: list[RtcpPacket]) -> None:
    compound = (first, *others)
    assert parse_rtcp(build_rtcp(compound)) == compound


@settings(max_examples=scale(150), deadline=None)
@given(st.lists(st.tuples(st.integers(200, 204), OCTET, st.binary(max_size=40)), min_size=1, max_size=3), OCTET)
def test_random_octets_are_a_compound_or_an_rtp_error(parts: list[tuple[int, int, bytes]], cut: int) -> None:
    data = b"".join(
        bytes([0x80 | flags & 0x3F, kind]) + (len(body) // 4).to_bytes(2) + body[: len(body) // 4 * 4]
        for kind, flags, body in parts
    )
    for candidate in (data, data[:cut]):
        try:
            parse_rtcp(candidate)
        except RtpError:
            continue


@settings(max_examples=scale(100), deadline=None)
@given(st.integers(0, 65535), st.lists(st.integers(0, 3), min_size=2, max_size=200))
def test_lost_packets_are_counted_exactly_over_every_wrap(start: int, gaps: list[int]) -> None:
    tracker = SequenceTracker(start)
    tracker.update(start)
    tracker.update((start + 1) % 65536)
    sequence = start + 1
    for gap in gaps:
        sequence += 1 + gap
        assert tracker.update(sequence % 65536)
    assert tracker.lost == sum(gaps)
    assert tracker.received == 1 + len(gaps)


@st.composite
def keys_over_a_bad_line(draw: st.DrawFn) -> tuple[str, list[tuple[int, EventPacket]]]:
    """Keys with some packets lost or doubled, and neighbours swapped; what can be heard, and what arrives."""
    timestamp = draw(WORD)
    heard = ""
    arriving: list[tuple[int, EventPacket]] = []
    for digit in draw(st.text(DIGITS, min_size=1, max_size=8)):
        duration_rtp = draw(st.integers(1, 4000))
        copies = [(packet, draw(st.integers(0, 2))) for packet in event_packets(digit, duration_rtp=duration_rtp)]
        heard += digit if any(count for _, count in copies) else ""
        sent = [(timestamp, packet) for packet, count in copies for _ in range(count)]
        for place in draw(st.lists(st.integers(1, max(1, len(sent) - 1)), max_size=3)):
            sent[place - 1 : place + 1] = reversed(sent[place - 1 : place + 1])
        arriving += sent
        timestamp = (timestamp + duration_rtp + draw(st.integers(320, 8000))) % (1 << 32)
    return heard, arriving


@settings(max_examples=scale(150), deadline=None)
@given(keys_over_a_bad_line())
def test_each_key_of_which_anything_arrives_is_heard_once(line: tuple[str, list[tuple[int, EventPacket]]]) -> None:
    heard, arriving = line
    receiver = EventReceiver()
    found = [
        receiver.receive(packet.payload, timestamp=timestamp, ssrc=1, marker=packet.marker)
        for timestamp, packet in arriving
    ]
    assert "".join(found) == heard


@settings(max_examples=scale(100), deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=8), WORD, st.integers(0, 3), st.booleans()), max_size=20))
def test_random_events_give_a_key_nothing_or_an_rtp_error(packets: list[tuple[bytes, int, int, bool]]) -> None:
    receiver = EventReceiver()
    for payload, timestamp, ssrc, marker in packets:
        try:
            digit = receiver.receive(payload, timestamp=timestamp, ssrc=ssrc, marker=marker)
        except RtpError:
            assert len(payload) < 4
            continue
        assert digit == "" or digit in DIGITS
