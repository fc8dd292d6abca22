"""RTP packets, one at a time (RFC 3550 §5.1).

Batch code works on whole matrices of ordinary packets; this is the reference it is measured against, and what reads
the odd ones.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from softswitch.core.errors import LocalProtocolError, RtpError

VERSION: Final = 2
HEADER_OCTETS: Final = 12
_HEADER: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")
_MOST_SOURCES: Final = 15
_RTCP_TYPES: Final = range(192, 224)


class Extension(NamedTuple):
    """A header extension (RFC 3550 §5.3.1)."""

    profile: int
    """16 bits that its profile defines."""
    data: bytes
    """A multiple of four octets."""


class RtpPacket(NamedTuple):
    """A packet, its padding taken off."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = b""
    marker: bool = False
    sources: tuple[int, ...] = ()
    """CSRC: who contributed to a mix; at most 15."""
    extension: Extension | None = None


def looks_like_rtcp(data: bytes) -> bool:
    """Tell whether a packet that shares a port with RTP is RTCP (RFC 5761 §4)."""
    return len(data) >= 2 and data[1] in _RTCP_TYPES


def parse_rtp(data: bytes) -> RtpPacket:
    """Parse one packet.

    Args:
        data: the whole datagram.

    Raises:
        RtpError: another version than 2, or shorter than what its header announces (RFC 3550 §A.1).
    """
    if len(data) < HEADER_OCTETS:
        raise RtpError(f"{len(data)} octets are no RTP packet")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        raise RtpError(f"RTP version {first >> 6}")
    start = HEADER_OCTETS
    sources: tuple[int, ...] = ()
    extension = None
    if first & 0x0F:
        sources, start = _sources(data, first & 0x0F)
    if first & 0x10:
        extension, start = _extension(data, start)
    end = len(data) - (_padding_octets(data, start) if first & 0x20 else 0)
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, data[start:end], second > 0x7F, sources, extension)


def _sources(data: bytes, count: int) -> tuple[tuple[int, ...], int]:
    end = HEADER_OCTETS + 4 * count
    if len(data) < end:
        raise RtpError("the list of contributing sources is cut off")
    return struct.unpack_from(f"!{count}I", data, HEADER_OCTETS), end


def _extension(data: bytes, start: int) -> tuple[Extension, int]:
    if len(data) < start + 4:
        raise RtpError("the header extension is cut off")
    profile, words = _EXTENSION.unpack_from(data, start)
    end = start + 4 + 4 * words
    if len(data) < end:
        raise RtpError("the header extension is cut off")
    return Extension(profile, data[start + 4 : end]), end


def _padding_octets(data: bytes, start: int) -> int:
    count = data[-1]
    if not 0 < count <= len(data) - start:
        raise RtpError(f"{count} octets of padding")
    return count


def build_rtp(packet: RtpPacket, *, padding_octets: int = 0) -> bytes:
    """Build the octets of a packet.

    Args:
        packet: the fields; numbers must fit into theirs.
        padding_octets: 0 to 255 octets put behind the payload, the last of which counts them.

    Raises:
        LocalProtocolError: a field does not fit.
    """
    extension = packet.extension
    if len(packet.sources) > _MOST_SOURCES or (extension is not None and len(extension.data) % 4):
        raise LocalProtocolError("more than 15 sources, or an extension that is no multiple of four octets")
    first = VERSION << 6 | bool(padding_octets) << 5 | (extension is not None) << 4 | len(packet.sources)
    try:
        parts = [
            _HEADER.pack(
                first, packet.marker << 7 | packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc
            ),
            struct.pack(f"!{len(packet.sources)}I", *packet.sources),
        ]
        if extension is not None:
            parts += [_EXTENSION.pack(extension.profile, len(extension.data) // 4), extension.data]
        parts.append(packet.payload)
        if padding_octets:
            parts.append(bytes(padding_octets - 1) + bytes([padding_octets]))
    except (struct.error, ValueError) as error:
        raise LocalProtocolError(f"an RTP field does not fit: {error}") from error
    return b"".join(parts)
