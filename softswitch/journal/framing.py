"""How records lie one behind the other, in the ring as in the segment files.

::

    u32 length | u32 crc32 of the payload | payload        little endian

A payload is the records of one turn of the brain, or one record by itself (:mod:`softswitch.core.facts`). A record is a
msgpack array of six whose first element is the sequence number; those of a turn are an array of records, whose numbers
follow each other. A turn is there wholly or not at all, and one checksum serves for all of it. A length of zero is
never valid, so that a tail of zeros, which some file systems leave behind after a power cut, is no endless row of empty
records.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final
from zlib import crc32

import msgspec

FRAME_OCTETS: Final = 8
MAX_PAYLOAD_OCTETS: Final = 1 << 24

RECORD_MARK: Final = 0x96
"""The first octet of a record: msgpack's array of six."""
_SHORT_ARRAY: Final = 0x9
"""msgpack: the upper half of the head of an array of up to 15; the lower one counts them."""
_ARRAY_OCTETS: Final = {0xDC: 2, 0xDD: 4}  # msgpack: array 16 and array 32
_HEADS_OF_RECORDS: Final = (0, 1, 3, 5)
"""Octets that may stand before the first record of a payload: none, or the head of an array."""

_MARKED: Final = bytes((RECORD_MARK,))
_RECORDS: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_FRAME: Final = Struct("<II")
_UINT_OCTETS: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}  # msgpack: uint 8 to uint 64


def frame_one(payload: bytes) -> bytes:
    """Return a payload framed."""
    return _FRAME.pack(len(payload), crc32(payload)) + payload


def frame(payloads: Sequence[bytes]) -> bytes:
    """Return the payloads framed, in their order."""
    return b"".join(map(frame_one, payloads))


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
        mark: the first octet of what every payload begins with, be it alone or in an array.

    Returns:
        The offset of the next intact frame, or ``len(data)`` when there is none.
    """
    marked = bytes((mark,))
    heads = _HEADS_OF_RECORDS if mark == RECORD_MARK else (0,)
    found = data.find(marked, damaged + FRAME_OCTETS + 1)
    while found >= 0:
        for head in heads:
            start = found - head - FRAME_OCTETS
            if start > damaged and _intact_at(data, start, mark):
                return start
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
    return mark != RECORD_MARK or sequence_of(data[first : first + 20]) > 0


def sequence_of(payload: bytes) -> int:
    """Read the number of a payload's first record without decoding the rest; 0 when it has none."""
    at, _ = _head(payload)
    return _number_at(payload, at + 1)


def last_sequence_of(payload: bytes) -> int:
    """Read the number of a payload's last record in the same way."""
    at, count = _head(payload)
    first = _number_at(payload, at + 1)
    return first + count - 1 if first else 0


def _head(payload: bytes) -> tuple[int, int]:
    """Return where the first record begins, -2 where there is none, and how many there are."""
    if len(payload) < 2:
        return -2, 0
    first = payload[0]
    if first == RECORD_MARK and payload[1] != RECORD_MARK:
        return 0, 1
    octets = _ARRAY_OCTETS.get(first, 0)
    count = int.from_bytes(payload[1 : 1 + octets], "big") if octets else first & 0x0F
    if (octets or first >> 4 == _SHORT_ARRAY) and payload[1 + octets : 2 + octets] == _MARKED:
        return 1 + octets, count
    return -2, 0


def _number_at(payload: bytes, at: int) -> int:
    """Read a positive whole number of msgpack's; 0 where none stands."""
    if not 0 < at < len(payload):
        return 0
    first = payload[at]
    if first < 0x80:  # msgpack: positive fixint
        return first
    octets = _UINT_OCTETS.get(first, 0)
    return int.from_bytes(payload[at + 1 : at + 1 + octets], "big")


def records_of(payload: bytes) -> list[bytes]:
    """Return the records of a payload, each by itself; what is no array of records is returned as it is."""
    if payload[0] == RECORD_MARK and payload[1:2] != _MARKED:
        return [payload]
    try:
        return [bytes(record) for record in _RECORDS(payload)]
    except msgspec.MsgspecError:
        return [payload]


def turn_of(payload: bytes) -> bytes:
    """Return a payload as an array of records also where it is one record by itself."""
    return b"\x91" + payload if payload[:1] == _MARKED and payload[1:2] != _MARKED else payload
