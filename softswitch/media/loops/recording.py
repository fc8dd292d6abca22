"""What a recorder does with each packet that is usual: find its place, decode it, lay it down.

The same as :mod:`softswitch.media.recorder` does with numpy for any packet. What comes is in words of 32 bits, as
:mod:`softswitch.media.tap_ring` lays them out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIGNATURES: Final = {
    "index_taps": "void(i8[::1], i8[::1])",
    "survey": "void(u4[::1], i8[::1], i8[::1], i8[::1], u1[:, ::1], f8[:, ::1], f8[::1], i8[:, ::1], f8[:, ::1],"
    " i8[::1], i8[::1])",
    "plan": "UniTuple(i8, 3)(i8[:, ::1], f8[:, ::1], f8[:, ::1], i8[::1], i8[:, ::1], f8[::1], i8, b1[::1],"
    " i8[:, ::1], i8[:, ::1])",
    "lay": "void(u1[::1], i8[::1], i8[:, ::1], i2[:, ::1], i2[::1])",
    "keep": "void(i2[::1], i2[::1], i8, i8, i8, i8, i8, i8, i8, i8)",
}

HELPERS: Final = (
    "_index_of",
    "_begin",
    "_follow",
    "_find_payloads",
    "_came",
    "_are_usual",
    "_moves",
    "_anchor",
    "_find_places",
    "_accept",
    "_fill_piece",
)
"""What the loops call: compiled before them, callees first."""
_COLUMNS: Final = 6
"""Of what is told of packets: taps, heads, timestamps, streams, octets, ages."""
_ENTRY_WORDS: Final = 6
"""Before the columns: octets, kind, packets, width, and the time in two."""
_WORD: Final = 0xFFFF_FFFF
_HALF: Final = 1 << 31
# Columns of ``tracks``: what is known of a leg's stream (:class:`softswitch.media.recorder.placing.Track`).
TRACK_BEGAN_US, TRACK_RATE_HZ, TRACK_CLOCK_HZ, TRACK_STREAM, TRACK_TIMESTAMP, TRACK_PLACE = range(6)
TRACK_LATE_ROUNDS, TRACK_END, TRACK_SEQUENCE, TRACK_RESUMES, TRACK_COLUMNS = range(6, 11)
# Places of ``rules``.
RULE_JUMP_US, RULE_EARLY_US, RULE_LATE_US, RULE_LATE_ROUNDS, RULE_GAP_S, RULE_APART, RULES = range(7)
# Columns of ``found`` and ``quick``: what came of a tap.
FOUND_COUNT, FOUND_USUAL, FOUND_STREAM, FOUND_FIRST_STAMP, FOUND_STAMP, FOUND_FIRST_HEAD, FOUND_HEAD = range(7)
FOUND_OCTETS, FOUND_CODE, FOUND_BEGIN, FOUND_FIRST, FOUND_COLUMNS = range(7, 12)
QUICK_LEAST, QUICK_LAST, QUICK_PLACE, QUICK_LATE_ROUNDS, QUICK_COLUMNS = range(5)
# Columns of ``files``: where its taps begin, how many channels it has; 0 where it cannot be written.
FILE_BEGIN, FILE_CHANNELS, FILE_COLUMNS = range(3)
# Columns of ``pieces``: what is laid down of a tap.
PIECE_BEGIN, PIECE_COUNT, PIECE_OCTETS, PIECE_CODE, PIECE_TARGET, PIECE_STEP, PIECE_COLUMNS = range(7)
# Columns of ``laid``: what is laid down of a file; at last from where to where there is something of each column.
LAID_FILE, LAID_GROUP, LAID_PIECE, LAID_FIRST, LAID_FRAMES, LAID_TARGET, LAID_NOTED = range(7)
LAID_BEGIN, LAID_END, LAID_OTHER_BEGIN, LAID_OTHER_END, LAID_COLUMNS = range(7, 12)


def index_taps(numbers: Array, table: Array) -> None:
    """Write where each number stands into a table, a power of two of places, of which most are free."""
    last = table.shape[0] - 1
    for place in range(table.shape[0]):
        table[place] = -1
    for index in range(numbers.shape[0]):
        place = numbers[index] & last
        while table[place] >= 0:
            place = place + 1 & last
        table[place] = index


def survey(
    words: Array,
    entries: Array,
    numbers: Array,
    table: Array,
    codes: Array,
    tracks: Array,
    rules: Array,
    found: Array,
    quick: Array,
    of: Array,
    offsets: Array,
) -> None:
    """Note what came of each tap, and where its payloads are, where all is usual.

    That is: one stream, one codec that makes a sample of each octet, packets of one length, of which each begins where
    the one before it ended, and none of which came much later or earlier than that one.

    Args:
        words: the memory through which sound comes.
        entries: where in it packets stand, in words.
        numbers: of the taps.
        table: made of them by :func:`index_taps`.
        codes: by tap and payload type, the code of such a codec, else 0.
        tracks: by tap, the columns that begin with ``TRACK_``.
        rules: what is much later or earlier, and what :func:`plan` has to know.
        found: by tap, gets the columns that begin with ``FOUND_``.
        quick: by tap, gets when its first packet came, had it been as quick as the quickest and as the last of all.
        of: by packet, gets the place of its tap, or -1.
        offsets: gets the places of payloads, in octets, those of each tap from ``FOUND_BEGIN`` on.
    """
    came = 0
    for index in range(numbers.shape[0]):
        found[index, FOUND_COUNT] = 0
    for which in range(entries.shape[0]):
        entry = entries[which]
        count, width = np.int64(words[entry + 2]), np.int64(words[entry + 3])
        now_us = np.int64(words[entry + 4]) | np.int64(words[entry + 5]) << 32
        for packet in range(entry + _ENTRY_WORDS, entry + _ENTRY_WORDS + count):
            place = _index_of(np.int64(words[packet]), numbers, table)
            of[came] = place
            came += 1
            if place >= 0:
                tap = found[place]
                tap[FOUND_HEAD] = words[packet + count]
                tap[FOUND_STAMP] = words[packet + 2 * count]
                stream, octets = np.int64(words[packet + 3 * count]), np.int64(words[packet + 4 * count])
                came_us = now_us - np.int64(words[packet + 5 * count])
                code = np.int64(codes[place, tap[FOUND_HEAD] >> 16 & 0x7F])
                if tap[FOUND_COUNT] == 0:
                    _begin(tap, stream, octets, code, width)
                ticks = tap[FOUND_COUNT] * tap[FOUND_OCTETS]
                transit_us = came_us - ticks * (1e6 / tracks[place, TRACK_CLOCK_HZ])
                _follow(tap, quick[place], stream, octets, code, transit_us, rules[RULE_JUMP_US])
    _find_payloads(words, entries, of, found, offsets)


def _index_of(number: np.int64, numbers: Array, table: Array) -> np.int64:
    """Return where a number stands; -1 where it does not."""
    last = table.shape[0] - 1
    place = number & last
    while table[place] >= 0 and numbers[table[place]] != number:
        place = place + 1 & last
    return np.int64(table[place])


def _begin(tap: Array, stream: np.int64, octets: np.int64, code: np.int64, width: np.int64) -> None:
    """Note a tap's first packet."""
    tap[FOUND_USUAL] = code != 0 and 0 < octets <= width and octets & 1 == 0
    tap[FOUND_STREAM] = stream
    tap[FOUND_OCTETS] = octets
    tap[FOUND_CODE] = code
    tap[FOUND_FIRST_STAMP] = tap[FOUND_STAMP]
    tap[FOUND_FIRST_HEAD] = tap[FOUND_HEAD]


def _follow(
    tap: Array, quick: Array, stream: np.int64, octets: np.int64, code: np.int64, transit_us: float, jump_us: float
) -> None:
    """Note a packet, and whether it follows the one before it as is usual."""
    if tap[FOUND_COUNT] == 0:
        quick[QUICK_LEAST] = quick[QUICK_LAST] = transit_us
    if (
        stream != tap[FOUND_STREAM]
        or octets != tap[FOUND_OCTETS]
        or code != tap[FOUND_CODE]
        or tap[FOUND_STAMP] != tap[FOUND_FIRST_STAMP] + tap[FOUND_COUNT] * octets & _WORD
        or abs(transit_us - quick[QUICK_LAST]) > jump_us
    ):
        tap[FOUND_USUAL] = 0
    quick[QUICK_LEAST] = min(quick[QUICK_LEAST], transit_us)
    quick[QUICK_LAST] = transit_us
    tap[FOUND_COUNT] += 1


def _find_payloads(words: Array, entries: Array, of: Array, found: Array, offsets: Array) -> None:
    """Note where payloads are, tap by tap."""
    begin, came = np.int64(0), 0
    for index in range(found.shape[0]):
        found[index, FOUND_BEGIN] = begin
        begin += found[index, FOUND_COUNT]
    for which in range(entries.shape[0]):
        entry = entries[which]
        count, width = np.int64(words[entry + 2]), np.int64(words[entry + 3])
        payloads = 4 * (entry + _ENTRY_WORDS + _COLUMNS * count)
        for packet in range(count):
            index = of[came]
            came += 1
            if index >= 0:
                offsets[found[index, FOUND_BEGIN]] = payloads + packet * width
                found[index, FOUND_BEGIN] += 1
    for index in range(found.shape[0]):
        found[index, FOUND_BEGIN] -= found[index, FOUND_COUNT]


def plan(
    found: Array,
    quick: Array,
    tracks: Array,
    columns: Array,
    files: Array,
    rules: Array,
    at_once: int,
    others: Array,
    laid: Array,
    pieces: Array,
) -> tuple[int, int, int]:
    """Find where what came belongs, for the files of which all is usual.

    Args:
        found: as :func:`survey` gives it.
        quick: as well.
        tracks: by tap; what has changed is kept there.
        columns: by tap, that of its file.
        files: the columns that begin with ``FILE_``, and one row more; the taps of a file stand side by side.
        rules: as for :func:`survey`.
        at_once: so many samples are laid down together.
        others: by file, gets whether something came of it that is not usual.
        laid: gets the columns that begin with ``LAID_``, for each file of which all is.
        pieces: gets those that begin with ``PIECE_``, for each of their taps.

    Returns:
        How many files and taps there are in ``laid`` and ``pieces``, and the most samples of a group.
    """
    count, piece, group, target, most = 0, 0, 0, np.int64(0), np.int64(0)
    for file in range(files.shape[0] - 1):
        begin, behind, step = files[file, FILE_BEGIN], files[file + 1, FILE_BEGIN], files[file, FILE_CHANNELS]
        row = laid[count]
        others[file] = False
        if not _came(found, begin, behind):
            continue
        if step == 0 or not _are_usual(found, columns, begin, behind):
            others[file] = True
            continue
        if not _find_places(found, quick, tracks, rules, begin, behind, row):
            others[file] = True
            continue
        samples = row[LAID_FRAMES] * step
        if target and target + samples > at_once:
            group, target = group + 1, np.int64(0)
        row[LAID_FILE], row[LAID_GROUP], row[LAID_PIECE], row[LAID_TARGET] = file, group, piece, target
        row[LAID_BEGIN] = row[LAID_END] = row[LAID_OTHER_BEGIN] = row[LAID_OTHER_END] = row[LAID_FRAMES]
        for tap in range(begin, behind):
            if found[tap, FOUND_COUNT]:
                _accept(found[tap], quick[tap], tracks[tap], row[LAID_NOTED] != 0)
                at = found[tap, FOUND_FIRST] - row[LAID_FIRST]
                row[LAID_BEGIN + 2 * columns[tap]] = at
                row[LAID_END + 2 * columns[tap]] = at + found[tap, FOUND_COUNT] * found[tap, FOUND_OCTETS]
                _fill_piece(pieces[piece], found[tap], target + at * step + columns[tap], step)
                piece += 1
        target += samples
        most = max(most, target)
        count += 1
    return count, piece, int(most)


def _came(found: Array, begin: int, behind: int) -> np.int64:
    """Return how many packets came of these taps."""
    packets = np.int64(0)
    for tap in range(begin, behind):
        packets += found[tap, FOUND_COUNT]
    return packets


def _are_usual(found: Array, columns: Array, begin: int, behind: int) -> bool:
    """Tell whether all that came of these taps is usual, and not two of them have one column."""
    seen = 0
    for tap in range(begin, behind):
        if found[tap, FOUND_COUNT]:
            if not found[tap, FOUND_USUAL] or seen >> columns[tap] & 1:
                return False
            seen |= 1 << columns[tap]
    return True


def _find_places(found: Array, quick: Array, tracks: Array, rules: Array, begin: int, behind: int, row: Array) -> bool:
    """Find where a file's sound belongs, whether something is missing before it, and whether it can be laid out."""
    first, end, together = np.int64(1) << 60, -(np.int64(1) << 60), np.int64(0)
    row[LAID_NOTED] = 0
    for tap in range(begin, behind):
        if found[tap, FOUND_COUNT]:
            track, one = tracks[tap], found[tap]
            _anchor(one, quick[tap], track, rules)
            frames = one[FOUND_COUNT] * one[FOUND_OCTETS]
            first, end = min(first, one[FOUND_FIRST]), max(end, one[FOUND_FIRST] + frames)
            together += frames
            missing = one[FOUND_FIRST] - track[TRACK_END] >= rules[RULE_GAP_S] * track[TRACK_RATE_HZ]
            if track[TRACK_END] >= 0 and (missing or track[TRACK_RESUMES] != 0):
                row[LAID_NOTED] = 1
    row[LAID_FIRST], row[LAID_FRAMES] = first, end - first
    return bool(first >= 0 and end - first <= together + rules[RULE_APART])


def _anchor(one: Array, quick: Array, track: Array, rules: Array) -> None:
    """Find where a tap's first packet belongs, as :meth:`softswitch.media.recorder.placing.Track.anchor` does."""
    rate_hz = track[TRACK_RATE_HZ]
    quick[QUICK_LATE_ROUNDS] = track[TRACK_LATE_ROUNDS]
    seen = (quick[QUICK_LEAST] - track[TRACK_BEGAN_US]) * rate_hz / 1e6
    quick[QUICK_PLACE] = seen
    if one[FOUND_STREAM] == np.int64(track[TRACK_STREAM]):
        ticks = one[FOUND_FIRST_STAMP] - np.int64(track[TRACK_TIMESTAMP])
        ticks = (ticks + _HALF & _WORD) - _HALF
        expected = track[TRACK_PLACE] + ticks * rate_hz / track[TRACK_CLOCK_HZ]
        if not _moves((seen - expected) * 1e6 / rate_hz, quick, rules):
            quick[QUICK_PLACE] = expected
    one[FOUND_FIRST] = np.int64(np.rint(quick[QUICK_PLACE]))


def _moves(late_us: float, quick: Array, rules: Array) -> bool:
    """Tell whether a stream is moved after its phone's clock."""
    if late_us < -rules[RULE_EARLY_US] or late_us > rules[RULE_JUMP_US]:
        quick[QUICK_LATE_ROUNDS] = 0.0
        return True
    quick[QUICK_LATE_ROUNDS] = quick[QUICK_LATE_ROUNDS] + 1 if late_us > rules[RULE_LATE_US] else 0.0
    if quick[QUICK_LATE_ROUNDS] < rules[RULE_LATE_ROUNDS]:
        return False
    quick[QUICK_LATE_ROUNDS] = 0.0
    return True


def _accept(one: Array, quick: Array, track: Array, noted: bool) -> None:
    """Keep where a tap's sound belongs; and to where it goes, unless that is ``noted`` elsewhere."""
    track[TRACK_STREAM], track[TRACK_TIMESTAMP] = one[FOUND_STREAM], one[FOUND_FIRST_STAMP]
    track[TRACK_PLACE], track[TRACK_LATE_ROUNDS] = quick[QUICK_PLACE], quick[QUICK_LATE_ROUNDS]
    if not noted:
        track[TRACK_RESUMES] = 0.0
        track[TRACK_END] = max(track[TRACK_END], one[FOUND_FIRST] + one[FOUND_COUNT] * one[FOUND_OCTETS])
        track[TRACK_SEQUENCE] = one[FOUND_HEAD] & 0xFFFF


def _fill_piece(piece: Array, one: Array, target: int, step: int) -> None:
    """Say what is laid down of a tap, and where."""
    piece[PIECE_BEGIN], piece[PIECE_COUNT] = one[FOUND_BEGIN], one[FOUND_COUNT]
    piece[PIECE_OCTETS], piece[PIECE_CODE] = one[FOUND_OCTETS], one[FOUND_CODE]
    piece[PIECE_TARGET], piece[PIECE_STEP] = target, step


def lay(octets: Array, offsets: Array, pieces: Array, tables: Array, sound: Array) -> None:
    """Decode payloads to where they belong.

    Args:
        octets: the memory through which sound comes.
        offsets: where in it payloads are.
        pieces: shape (n, columns that begin with ``PIECE_``): which of the offsets, how many, of how many octets each;
            the code of their codec; where their first sample belongs, and how far apart samples are, 1 or 2.
        tables: by code and octet, the sample.
        sound: gets the samples.
    """
    for which in range(pieces.shape[0]):
        piece = pieces[which]
        table = tables[piece[PIECE_CODE]]
        length, step, target = piece[PIECE_OCTETS], piece[PIECE_STEP], piece[PIECE_TARGET]
        for packet in range(piece[PIECE_BEGIN], piece[PIECE_BEGIN] + piece[PIECE_COUNT]):
            payload = octets[offsets[packet] : offsets[packet] + length]
            said = sound[target : target + step * length]
            if step == 2:  # known steps are four times as quick
                for octet in range(length):
                    said[2 * octet] = table[payload[octet]]
            else:
                for octet in range(length):
                    said[octet] = table[payload[octet]]
            target += step * length


def keep(
    sound: Array,
    there: Array,
    target: int,
    frames: int,
    step: int,
    begin: int,
    end: int,
    other_begin: int,
    other_end: int,
    count: int,
) -> None:
    """Put what stands in a file already to where there is nothing of ours, and silence where nothing does.

    Args:
        sound: what is laid down.
        there: at the same places, what stands there.
        target: where the file's sound begins.
        frames: how long it is.
        step: the file's channels.
        begin: from there on there is something of the first column.
        end: to there.
        other_begin: the same of the second one.
        other_end: as well.
        count: of frames that stand there.
    """
    for column in range(step):
        first = other_begin if column else begin
        last = other_end if column else end
        for frame in range(first):
            place = target + frame * step + column
            sound[place] = there[place] if frame < count else 0
        for frame in range(last, frames):
            place = target + frame * step + column
            sound[place] = there[place] if frame < count else 0
