"""RTCP packets and the rules of their compounds (RFC 3550 §6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from softswitch.core.errors import LocalProtocolError, RtpError

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203

_NTP_EPOCH_S: Final = 2_208_988_800
_CNAME: Final = 1
_MOST_IN_A_PACKET: Final = 31
_HEADER: Final = struct.Struct("!BBH")
_BLOCK: Final = struct.Struct("!IIIIII")
_SENDER: Final = struct.Struct("!IQIII")


class ReportBlock(NamedTuple):
    """What a receiver says of one source (§6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Since the last report, in 256ths."""
    lost: int
    """Since the beginning; 24 bits with sign."""
    extended_highest: int
    jitter_rtp: int
    last_report: int
    """LSR: the middle 32 bits of the NTP time in the source's last sender report, or 0."""
    delay_since_last: int
    """DLSR: from its arrival to this report, in 1/65536 s."""


class SenderReport(NamedTuple):
    """SR (§6.4.1)."""

    ssrc: int
    ntp: int
    """Wall time of this report, 64 bits (:func:`ntp_of_wall`)."""
    timestamp: int
    """The same moment on the RTP clock."""
    packets: int
    octets: int
    """Payload alone."""
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(NamedTuple):
    """RR (§6.4.2)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


class SourceDescription(NamedTuple):
    """SDES, reduced to canonical names (§6.5)."""

    names: tuple[tuple[int, str], ...]
    """Pairs of SSRC and CNAME; the name is empty for a source that gave other items only."""


class Goodbye(NamedTuple):
    """BYE (§6.6)."""

    sources: tuple[int, ...]
    reason: str = ""


class UnknownRtcp(NamedTuple):
    """A packet of a type that is not read here: APP, feedback, extended reports."""

    packet_type: int
    subtype: int
    """The five bits beside the version."""
    body: bytes
    """What follows the first four octets."""


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | UnknownRtcp


def ntp_of_wall(wall_s: float) -> int:
    """Return the 64-bit NTP time of seconds since 1970 (§4)."""
    return int((wall_s + _NTP_EPOCH_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def middle_of_ntp(ntp: int) -> int:
    """Return the middle 32 bits of an NTP time, as LSR carries them: units of 1/65536 s."""
    return ntp >> 16 & 0xFFFF_FFFF


def round_trip_s(block: ReportBlock, arrival_ntp: int) -> float | None:
    """Return the time to the peer and back that a block about us tells, or None where it does not (§6.4.1, fig. 2).

    Args:
        block: from a report that arrived now.
        arrival_ntp: now, 64 bits, on the clock that stamped our sender reports.
    """
    if not block.last_report:
        return None
    passed = (middle_of_ntp(arrival_ntp) - block.last_report - block.delay_since_last) & 0xFFFF_FFFF
    return passed / 65536 if passed < 1 << 31 else None


def parse_rtcp(data: bytes) -> tuple[RtcpPacket, ...]:
    """Parse a compound.

    Raises:
        RtpError: it breaks the rules of §A.2 (version 2 throughout, an SR or RR first, padding only in the last
            packet, lengths that fill the datagram), or a packet is shorter than its own counts say.
    """
    if len(data) < 8 or data[0] & 0x20 or data[1] not in {SENDER_REPORT, RECEIVER_REPORT}:
        raise RtpError("a compound starts with a report without padding")
    packets: list[RtcpPacket] = []
    start = 0
    while start < len(data):
        if len(data) < start + 4:
            raise RtpError("octets behind the last RTCP packet")
        first, packet_type, words = _HEADER.unpack_from(data, start)
        end = start + 4 + 4 * words
        if first >> 6 != 2 or end > len(data) or (first & 0x20 and end != len(data)):
            raise RtpError("an RTCP header is malformed")
        body = data[start + 4 : end]
        packets.append(_parse_packet(packet_type, first & 0x1F, _without_padding(body) if first & 0x20 else body))
        start = end
    return tuple(packets)


def _without_padding(body: bytes) -> bytes:
    count = body[-1] if body else 0
    if not 0 < count <= len(body) or count % 4:
        raise RtpError(f"{count} octets of RTCP padding")
    return body[:-count]


def _parse_packet(packet_type: int, count: int, body: bytes) -> RtcpPacket:
    try:
        if packet_type == SENDER_REPORT:
            ssrc, ntp, timestamp, sent, octets = _SENDER.unpack_from(body)
            return SenderReport(ssrc, ntp, timestamp, sent, octets, _parse_blocks(body, _SENDER.size, count))
        if packet_type == RECEIVER_REPORT:
            return ReceiverReport(int.from_bytes(body[:4]), _parse_blocks(body, 4, count))
        if packet_type == SOURCE_DESCRIPTION:
            return SourceDescription(_parse_names(body, count))
        if packet_type == GOODBYE:
            return _parse_goodbye(body, count)
    except (struct.error, IndexError) as error:
        raise RtpError(f"an RTCP packet of type {packet_type} is cut off") from error
    return UnknownRtcp(packet_type, count, body)


def _parse_blocks(body: bytes, start: int, count: int) -> tuple[ReportBlock, ...]:
    """Read report blocks; what stands behind them is a profile's extension and ignored (§6.4.3)."""
    if len(body) < start:
        raise IndexError
    blocks = []
    for i in range(count):
        ssrc, lost, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, start + i * _BLOCK.size)
        fraction, total = lost >> 24, lost & 0xFFFFFF
        total -= (total & 0x800000) << 1
        blocks.append(ReportBlock(ssrc, fraction, total, highest, jitter, last_report, delay))
    return tuple(blocks)


def _parse_names(body: bytes, count: int) -> tuple[tuple[int, str], ...]:
    names: list[tuple[int, str]] = []
    place = 0
    for _ in range(count):
        (ssrc,) = struct.unpack_from("!I", body, place)
        place += 4
        name = ""
        while body[place]:
            kind, length = body[place], body[place + 1]
            text = body[place + 2 : place + 2 + length]
            name = text.decode("utf-8", "replace") if kind == _CNAME else name
            place += 2 + length
        names.append((ssrc, name))
        place += 4 - place % 4  # one to four zeros end a chunk, up to the next word
    return tuple(names)


def _parse_goodbye(body: bytes, count: int) -> Goodbye:
    sources = struct.unpack_from(f"!{count}I", body)
    text = body[4 * count :]
    return Goodbye(sources, text[1 : 1 + text[0]].decode("utf-8", "replace") if text else "")


def build_rtcp(packets: Sequence[RtcpPacket]) -> bytes:
    """Build a compound.

    Raises:
        LocalProtocolError: it does not start with a report, or a field does not fit.
    """
    if not packets or not isinstance(packets[0], SenderReport | ReceiverReport):
        raise LocalProtocolError("a compound starts with a sender or receiver report")
    return b"".join([build_rtcp_part(packet) for packet in packets])


def build_rtcp_part(packet: RtcpPacket) -> bytes:
    """Build one packet that will stand in a compound.

    Raises:
        LocalProtocolError: a field does not fit.
    """
    try:
        return _build_packet(packet)
    except (struct.error, OverflowError) as error:
        raise LocalProtocolError(f"an RTCP field does not fit: {error}") from error


def _build_packet(packet: RtcpPacket) -> bytes:
    if isinstance(packet, SenderReport):
        return _framed(SENDER_REPORT, len(packet.blocks), _SENDER.pack(*packet[:5]) + _build_blocks(packet.blocks))
    if isinstance(packet, ReceiverReport):
        return _framed(RECEIVER_REPORT, len(packet.blocks), packet.ssrc.to_bytes(4) + _build_blocks(packet.blocks))
    if isinstance(packet, SourceDescription):
        return _framed(SOURCE_DESCRIPTION, len(packet.names), b"".join([_build_chunk(*pair) for pair in packet.names]))
    if isinstance(packet, Goodbye):
        return _framed(GOODBYE, len(packet.sources), _build_goodbye(packet))
    return _framed(packet.packet_type, packet.subtype, packet.body)


def _framed(packet_type: int, count: int, body: bytes) -> bytes:
    if count > _MOST_IN_A_PACKET or len(body) % 4:
        raise LocalProtocolError("more than 31 entries, or a body that is no multiple of four octets")
    return _HEADER.pack(0x80 | count, packet_type, len(body) // 4) + body


def _build_blocks(blocks: Sequence[ReportBlock]) -> bytes:
    return b"".join(
        [_BLOCK.pack(block.ssrc, block.fraction_lost << 24 | block.lost & 0xFFFFFF, *block[3:]) for block in blocks]
    )


def _build_chunk(ssrc: int, name: str) -> bytes:
    text = name.encode()
    item = struct.pack("!IBB", ssrc, _CNAME, _octet(len(text))) + text if text else struct.pack("!I", ssrc)
    return item + bytes(4 - len(item) % 4)


def _build_goodbye(packet: Goodbye) -> bytes:
    text = packet.reason.encode()
    body = struct.pack(f"!{len(packet.sources)}I", *packet.sources)
    if text:
        body += bytes([_octet(len(text))]) + text
    return body + bytes(-len(body) % 4)


def _octet(length: int) -> int:
    if length > 255:
        raise LocalProtocolError("a text in RTCP has at most 255 octets")
    return length
