"""What a worker does with each packet that is recorded: copy it into the memory through which the recorder gets it.

The same as :mod:`softswitch.media.worker.taps` does with numpy, in words of 32 bits, as
:mod:`softswitch.media.tap_ring` lays them out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy.typing as npt

Array = npt.NDArray[Any]

SIGNATURES: Final = {
    "count_tapped": "UniTuple(i8, 2)(i8[::1], i8[::1], u4[::1])",
    "hand_over": "void(u4[:, ::1], i8[::1], i8[::1], i8[::1], i8[::1], u4[::1], i8[::1], i8, i8, u4[::1])",
}

_HEADER_WORDS: Final = 3
_HEADER_OCTETS: Final = 12
_COLUMNS: Final = 6
"""Of what is told of packets: taps, heads, timestamps, streams, octets, ages."""


def count_tapped(rows: Array, lengths: Array, tap_of_row: Array) -> tuple[int, int]:
    """Return how many of these rows are tapped, and the words of their longest payload.

    Args:
        rows: where packets lie.
        lengths: their octets.
        tap_of_row: by row, its tap; 0 for none.
    """
    count, longest = 0, 0
    for place in range(rows.shape[0]):
        if tap_of_row[rows[place]]:
            count += 1
            longest = max(longest, lengths[place])
    return count, (longest - _HEADER_OCTETS + 3) // 4


def hand_over(
    packets: Array,
    rows: Array,
    lengths: Array,
    heads: Array,
    timestamps: Array,
    tap_of_row: Array,
    stream: Array,
    count: int,
    width: int,
    room: Array,
) -> None:
    """Copy the packets of tapped rows.

    Args:
        packets: by row, the packet, in words.
        rows: where packets lie.
        lengths: their octets.
        heads: first words of their headers.
        timestamps: of their headers.
        tap_of_row: by row, its tap; 0 for none.
        stream: by row, the number of its stream.
        count: as :func:`count_tapped` gives it.
        width: as well.
        room: gets the columns, then the payloads.
    """
    found = 0
    for place in range(rows.shape[0]):
        row = rows[place]
        tap = tap_of_row[row]
        if tap:
            octets = lengths[place] - _HEADER_OCTETS
            room[found] = tap
            room[count + found] = heads[place]
            room[2 * count + found] = timestamps[place]
            room[3 * count + found] = stream[row]
            room[4 * count + found] = octets
            room[5 * count + found] = 0
            words = (octets + 3) // 4
            begin = _COLUMNS * count + found * width
            kept, packet = room[begin : begin + words], packets[row, _HEADER_WORDS : _HEADER_WORDS + words]
            for word in range(words):
                kept[word] = packet[word]
            found += 1
