"""SIP messages as a capture file that tshark and sngrep read.

Each message is one UDP datagram between the addresses that it went between, whatever carried it: TLS could not be read,
and programs know SIP by its text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

_MAGIC: Final = 0xA1B2C3D4
_RAW_IP: Final = 101
"""LINKTYPE_RAW: packets begin with their IP header."""
_MOST_TEXT: Final = 65_000


def capture(messages: Iterable[tuple[float, tuple[str, int], tuple[str, int], bytes]]) -> bytes:
    """Write a capture file (pcap, microseconds).

    Args:
        messages: of each the time in seconds of UTC, source, destination and octets.
    """
    out = [struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, 65_535, _RAW_IP)]
    for wall_s, source, destination, data in messages:
        packet = _packet(source, destination, data[:_MOST_TEXT])
        seconds = int(wall_s)
        out.append(struct.pack("<IIII", seconds, int((wall_s - seconds) * 1e6), len(packet), len(packet)))
        out.append(packet)
    return b"".join(out)


def _packet(source: tuple[str, int], destination: tuple[str, int], data: bytes) -> bytes:
    from_, to = ip_address(source[0]), ip_address(destination[0])
    length = 8 + len(data)
    udp = struct.pack("!HHHH", source[1], destination[1], length, 0) + data
    pseudo = from_.packed + to.packed + struct.pack("!IHBB", length, 0, 0, 17)
    udp = udp[:6] + struct.pack("!H", _checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    if from_.version == 6:
        return struct.pack("!IHBB", 6 << 28, length, 17, 64) + from_.packed + to.packed + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + from_.packed + to.packed
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + udp


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
