"""What mixing does with each packet and each sample, where all is as usual.

The same as :mod:`softswitch.media.worker.mixing.desk`, ``ring`` and ``mixer``, and :mod:`softswitch_codecs.g711`, do
with numpy. Where something is not as usual these say so, having changed nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from softswitch.media.loops.packets import Array

SIGNATURES: Final = {
    "all_wanted": "b1(i8[::1], i8[::1], i8[::1], b1[::1], u1[:, ::1], i8[::1], i8, u1[::1])",
    "put_alike": "b1(u4[:, ::1], i8[::1], u1[::1], i8[::1], i8[::1], i8[::1], i8, i8, i8[::1], i8[::1], i8[::1],"
    " i8[::1], i8[::1], i8[::1], i8[::1], u1[::1], u4[:, ::1])",
    "take_whole": "b1(i8[::1], i8, i8, i8, i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], u1[::1], u1[:, ::1],"
    " i8[:, ::1])",
    "decode_cells": "void(u1[:, ::1], i8[:, ::1], i2[::1], i2[:, ::1])",
    "mix_rooms": "void(i2[:, ::1], i8, i8, i8, i4[::1], i2[:, ::1])",
    "add_heard": "void(i2[:, ::1], i8, i8, i8, i8, i8[::1], i4[::1])",
    "tell_heard": "void(i2[:, ::1], i8, i8, i8, i8[::1], i4[::1], i2[:, ::1], i8[::1])",
    "encode_samples": "void(i2[:, ::1], u1[::1], u1[:, ::1])",
}

_WORD: Final = 0xFFFF_FFFF
_HALF: Final = 1 << 31
_HEADER_WORDS: Final = 3
_HEADER_OCTETS: Final = 12


def all_wanted(
    rows: Array,
    heads: Array,
    lengths: Array,
    heard: Array,
    codes_by_type: Array,
    least: Array,
    packed: int,
    codes: Array,
) -> bool:
    """Tell whether somebody listens to all of these packets, and all are of codecs whose cells lie in the ring.

    Args:
        rows: of the packets.
        heads: first words of their headers.
        lengths: their octets.
        heard: by row, whether somebody listens.
        codes_by_type: by row and payload type, the code of the codec; 0 for none.
        least: by code, the octets that a packet has at least.
        packed: the code of the codec that has no cells.
        codes: gets the packets' codes; not all where the answer is no.
    """
    for place in range(rows.shape[0]):
        row = rows[place]
        code = codes_by_type[row, heads[place] >> 16 & 0x7F]
        if not heard[row] or code == 0 or code == packed or lengths[place] < least[code]:
            return False
        codes[place] = code
    return True


def put_alike(
    words: Array,
    rows: Array,
    codes: Array,
    timestamps: Array,
    streams: Array,
    lengths: Array,
    cells: int,
    ahead: int,
    units: Array,
    turn: Array,
    stream: Array,
    head: Array,
    least: Array,
    most: Array,
    astray: Array,
    flat: Array,
    store: Array,
) -> bool:
    """Put packets into their rings; False where they are not all of one codec and length, in time, of known streams.

    Args:
        words: the packets, by row, in words of four octets.
        rows: each once; and so are the next five.
        codes: of their codecs.
        timestamps: 32 bits.
        streams: their streams' numbers.
        lengths: their octets.
        cells: of a ring, a power of two.
        ahead: a packet that comes so many cells early belongs to another time.
        units: by row, and so are the next six: timestamp units of a cell.
        turn: the timestamp whose turn is next.
        stream: the stream's number.
        head: the number of the cell whose turn is next.
        least: the least offset of the window.
        most: the greatest.
        astray: packets out of time, one after the other.
        flat: what the cells of all rings hold.
        store: the cells of all rings, in words.
    """
    if not rows.shape[0]:
        return False
    code, octets = codes[0], 4 * store.shape[1]
    count = (lengths[0] - _HEADER_OCTETS) // octets
    for place in range(rows.shape[0]):
        row = rows[place]
        offset = (((timestamps[place] - turn[row] + _HALF) & _WORD) - _HALF) // units[row]
        if stream[row] != streams[place] or codes[place] != code or offset < 0 or offset + count > ahead:
            return False
        if (lengths[place] - _HEADER_OCTETS) // octets != count:
            return False
    for place in range(rows.shape[0]):
        row = rows[place]
        offset = (((timestamps[place] - turn[row] + _HALF) & _WORD) - _HALF) // units[row]
        astray[row] = 0
        least[row] = min(least[row], offset)
        most[row] = max(most[row], offset)
        packet = words[row]
        for cell in range(count):
            slot = row * cells + (head[row] + offset + cell & cells - 1)
            flat[slot] = code
            kept = store[slot]
            for word in range(kept.shape[0]):
                kept[word] = packet[_HEADER_WORDS + cell * kept.shape[0] + word]
    return True


def take_whole(
    rows: Array,
    cells: int,
    empty: int,
    played: int,
    head: Array,
    turn: Array,
    units: Array,
    shift: Array,
    empty_cells: Array,
    flat: Array,
    codes: Array,
    slots: Array,
) -> bool:
    """Take the next frame, two cells, of each ring; False where one is not whole, or moves, or missed something.

    Args:
        rows: each once.
        cells: of a ring, a power of two.
        empty: what an empty cell holds.
        played: what a cell holds that was played.
        head: by row, the number of the cell whose turn is next.
        turn: its timestamp.
        units: timestamp units of a cell.
        shift: cells to leave out or to hold back.
        empty_cells: since the last full one.
        flat: what the cells of all rings hold.
        codes: shape (n, 2), gets what the frames' cells held.
        slots: shape (n, 2), gets where they are.
    """
    for place in range(rows.shape[0]):
        row = rows[place]
        if shift[row] or empty_cells[row]:
            return False
        for cell in range(2):
            slot = row * cells + (head[row] + cell & cells - 1)
            if flat[slot] == empty or flat[slot] == played:
                return False
            codes[place, cell] = flat[slot]
            slots[place, cell] = slot
    for place in range(rows.shape[0]):
        row = rows[place]
        flat[slots[place, 0]] = played
        flat[slots[place, 1]] = played
        head[row] += 2
        turn[row] += 2 * units[row]
    return True


def decode_cells(store: Array, slots: Array, table: Array, samples: Array) -> None:
    """Look the octets of frames' cells, shape (n, 2), up in a table of 256 samples; one octet is one sample."""
    for place in range(slots.shape[0]):
        frame = samples[place]
        for cell in range(2):
            octets = store[slots[place, cell]]
            said = frame[cell * octets.shape[0] : (cell + 1) * octets.shape[0]]
            for octet in range(octets.shape[0]):
                said[octet] = table[octets[octet]]


def mix_rooms(spoken: Array, first: int, rooms: int, people: int, total: Array, heard: Array) -> None:
    """Make the sound for everybody in rooms of one size in which everybody hears all others.

    Args:
        spoken: shape (speakers, samples).
        first: place of the first room's first person.
        rooms: how many there are.
        people: of a room.
        total: room for the samples of a frame.
        heard: shape (listeners, samples): is filled.
    """
    for room in range(rooms):
        begin = first + room * people
        one = spoken[begin]
        for sample in range(total.shape[0]):
            total[sample] = one[sample]
        for person in range(1, people):
            one = spoken[begin + person]
            for sample in range(total.shape[0]):
                total[sample] += one[sample]
        for person in range(people):
            one = spoken[begin + person]
            others = heard[begin + person]
            for sample in range(total.shape[0]):
                others[sample] = min(max(total[sample] - one[sample], -32768), 32767)


def add_heard(
    spoken: Array, first: int, people: int, heard_from: int, held_frames: int, quiet: Array, total: Array
) -> None:
    """Add up those of a large room who are heard.

    Args:
        spoken: shape (speakers, samples).
        first: place of the room's first person.
        people: of the room.
        heard_from: the amplitude from which somebody is heard.
        held_frames: frames for which somebody counts as heard after the last sound.
        quiet: by person, frames since the last sound; changed.
        total: gets the sum.
    """
    for sample in range(total.shape[0]):
        total[sample] = 0
    for person in range(people):
        one, loudest = spoken[first + person], np.int32(0)
        for sample in range(total.shape[0]):
            loudest = max(loudest, abs(np.int32(one[sample])))
        quiet[person] = 0 if loudest >= heard_from else quiet[person] + 1
        if quiet[person] < held_frames:
            for sample in range(total.shape[0]):
                total[sample] += one[sample]


def tell_heard(
    spoken: Array, first: int, people: int, held_frames: int, quiet: Array, total: Array, heard: Array, same_as: Array
) -> None:
    """Make the sound for everybody in a large room: those who are heard do not hear themselves, all others the same.

    Args:
        spoken: as for :func:`add_heard`; and so are the next five.
        first: place.
        people: how many.
        held_frames: of who counts as heard.
        quiet: frames.
        total: the sum.
        heard: shape (listeners, samples): is filled.
        same_as: by listener, whose sound is the same; changed.
    """
    first_silent = -1
    for person in range(people):
        place = first + person
        others, own = heard[place], quiet[person] < held_frames
        if own or first_silent < 0:
            one = spoken[place]
            for sample in range(total.shape[0]):
                wide = total[sample] - (one[sample] if own else 0)
                others[sample] = min(max(wide, -32768), 32767)
        else:
            same = heard[first_silent]
            for sample in range(total.shape[0]):
                others[sample] = same[sample]
        if not own and first_silent < 0:
            first_silent = place
        same_as[place] = place if own else first_silent


def encode_samples(samples: Array, table: Array, octets: Array) -> None:
    """Look samples up in a table of 65,536 octets, by their bits."""
    for place in range(samples.shape[0]):
        sound, coded = samples[place], octets[place]
        for sample in range(sound.shape[0]):
            coded[sample] = table[np.int64(sound[sample]) & 0xFFFF]
