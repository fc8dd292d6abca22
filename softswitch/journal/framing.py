"""How records lie one behind the other, in the ring as in the segment files.

::

    u32 length | u32 crc32 of the payload | payload        little endian

A payload is one record (:mod:`softswitch.core.facts`): a msgpack array of six whose first element is the sequence
number. A length of zero is never valid, so that a tail of zeros, which some file systems leave behind after a power
cut, is no endless row of empty records.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final
from zlib import crc32

FRAME_OCTETS: Final = 8
MAX_PAYLOAD_OCTETS: Final = 1 << 24

RECORD_MARK: Final = 0x96
"""The first octet of a record: msgpack's array of six."""

_FRAME: Final = Struct("<II")
_UINT_OCTETS: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}  # msgpack: uint 8 to uint 64


def frame(payloads: Sequence[bytes]) -> bytes:
    """Return the payloads framed, in their order."""
    pack = _FRAME.pack
    return b"".join([pack(len(payload), crc32(payload)) + payload for payload in payloads])


def split(data: bytes, start: int = 0) -> tuple[list[bytes], int]:
    """Take whole and intact frames off ``data`` until one is not.

    Returns:
        The payloads, and the offset of the first octet that was not taken.
    """
    payloads = []
    end = len(data)
    unpack_from = _FRAME.unpack_from
    while start + FRAME_OCTETS < end:
        length, checksum = unpack_from(data, start)
        payload = data[start + FRAME_OCTETS : start + FRAME_OCTETS + length]
        if not length or len(payload) < length or crc32(payload) != checksum:
            break
        payloads.append(payload)
        start += FRAME_OCTETS + length
    return payloads, start


def resume_offset(data: bytes, damaged: int, mark: int = RECORD_MARK) -> int:
    """Find where intact frames go on behind a damaged one.

    Args:
        data: the octets of a ring or a file.
        damaged: the offset of the frame that :func:`split` stopped at.
        mark: the first octet of every payload.

    Returns:
        The offset of the next intact frame, or ``len(data)`` when there is none.
    """
    marked = bytes((mark,))
    found = data.find(marked, damaged + FRAME_OCTETS + 1)
    while found >= 0:
        if _intact_at(data, found - FRAME_OCTETS, mark):
            return found - FRAME_OCTETS
        found = data.find(marked, found + 1)
    return len(data)


def _intact_at(data: bytes, start: int, mark: int) -> bool:
    """Tell whether an intact frame that holds a record, or another payload so marked, begins here."""
    length, checksum = _FRAME.unpack_from(data, start)
    first = start + FRAME_OCTETS
    if not length or length > MAX_PAYLOAD_OCTETS or first + length > len(data):
        return False
    if crc32(memoryview(data)[first : first + length]) != checksum:
        return False
    return mark != RECORD_MARK or sequence_of(data[first : first + 10]) > 0


def sequence_of(payload: bytes) -> int:
    """Read a record's sequence number without decoding the rest; 0 when it has none."""
    if len(payload) < 2 or payload[0] != RECORD_MARK:
        return 0
    first = payload[1]
    if first < 0x80:  # msgpack: positive fixint
        return first
    octets = _UINT_OCTETS.get(first, 0)
    return int.from_bytes(payload[2 : 2 + octets], "big")
