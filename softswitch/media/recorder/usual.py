"""Recordings of which all that came is usual, in compiled loops: found, placed and decoded with little for each packet.

That are those whose legs each sent one stream without a gap, in a codec that makes a sample of each octet, at the
file's rate. All others go the general way (:mod:`softswitch.media.recorder.scribe`), which gives the same for these,
too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from softswitch.media.loops import recording as columns
from softswitch.media.loops.found import Loops
from softswitch.media.recorder.file import LISTED_GAP_S, Heard, LaidDown, RecordingFile, Tap
from softswitch.media.recorder.placing import EARLY_US, JUMP_US, LATE_ROUNDS, LATE_US, Tracks
from softswitch.media.recorder.sound import Decoder
from softswitch.media.tap_ring import Sound

_SAMPLES_AT_ONCE: Final = 1 << 19
"""Decoded together: so much stays in the cache until it is written."""
_APART: Final = 8000
"""So many frames more than there are of sound, and its pieces lie too far apart to be laid out as one."""
_MOST_CHANNELS: Final = 2
_RULES: Final = np.zeros(columns.RULES)
_RULES[columns.RULE_JUMP_US], _RULES[columns.RULE_EARLY_US], _RULES[columns.RULE_LATE_US] = JUMP_US, EARLY_US, LATE_US
_RULES[columns.RULE_LATE_ROUNDS], _RULES[columns.RULE_GAP_S], _RULES[columns.RULE_APART] = (
    LATE_ROUNDS,
    LISTED_GAP_S,
    _APART,
)
USABLE: Final = sys.byteorder == "little"
"""Samples are written as they lie in memory."""


class Usual:
    """Finds what is usual.

    Args:
        loops: compiled.
        decoder: knows codecs.
        tracks: of all taps.
    """

    def __init__(self, loops: Loops, decoder: Decoder, tracks: Tracks) -> None:
        self._loops = loops
        self._decoder = decoder
        self._tracks = tracks
        self._taps: list[Tap] = []
        """Those of a file side by side."""
        self._files: list[RecordingFile] = []
        self._sound = np.zeros(_SAMPLES_AT_ONCE, np.int16)
        self._there = np.zeros(_SAMPLES_AT_ONCE, np.int16)

    def follow(self, files: Mapping[str, RecordingFile], taps: Mapping[int, Tap]) -> None:
        """Be told who is heard, how and where.

        Args:
            files: by name.
            taps: by number.
        """
        self._files = list(files.values())
        numbers = [number for file in self._files for number in file.taps]
        self._taps = [taps[number] for number in numbers]
        self._numbers = np.array(numbers, np.int64)
        self._slots = np.array([tap.slot for tap in self._taps], np.intp)
        self._columns = np.array([tap.file.column(tap) for tap in self._taps], np.int64)
        self._of = np.zeros((len(self._files) + 1, columns.FILE_COLUMNS), np.int64)
        self._of[1:, columns.FILE_BEGIN] = np.cumsum([len(file.taps) for file in self._files])
        self._of[:-1, columns.FILE_CHANNELS] = [
            file.channels if file.is_open and file.channels <= _MOST_CHANNELS else 0 for file in self._files
        ]
        self._index = np.empty(1 << max(6, (4 * len(numbers)).bit_length()), np.int64)
        self._loops.index_taps(self._numbers, self._index)
        self._find_codes()
        self._found = np.zeros((len(numbers), columns.FOUND_COLUMNS), np.int64)
        self._quick = np.zeros((len(numbers), columns.QUICK_COLUMNS), np.float64)
        self._others = np.zeros(len(self._files), np.bool_)
        self._laid = np.zeros((len(self._files), columns.LAID_COLUMNS), np.int64)
        self._pieces = np.zeros((len(numbers), columns.PIECE_COLUMNS), np.int64)

    def _find_codes(self) -> None:
        """Note by payload type which codecs have a table, and make a sample of each tick at the file's rate."""
        told = np.array([tap.codes for tap in self._taps], np.uint8).reshape(-1, 128)
        for tap in self._taps:
            tap.track.rate_hz = tap.file.rate_hz
        rates = np.array([[tap.track.rate_hz, tap.track.clock_hz] for tap in self._taps]).reshape(-1, 2)
        self._codes = np.zeros_like(told)
        used = np.flatnonzero(np.bincount(told.reshape(-1), minlength=1)[1:]) + 1
        self._tables = np.zeros((max(used, default=0) + 1, 256), np.int16)
        for code in used.tolist():
            table = self._decoder.table_of(code)
            if table is not None:
                self._tables[code] = table
                fits = (rates == self._decoder.rate_of(code)).all(axis=1)
                self._codes[fits] |= np.where(told[fits] == code, told[fits], 0)

    def take(self, sounds: Sequence[Sound]) -> Iterator[tuple[RecordingFile, bool, LaidDown]]:
        """Return files for which sound came, all of it usual, and what that is; valid until the next one.

        And whether something may be missing before it: then what is known of its legs' sound is still that of before.
        """
        count = sum([len(sound.taps) for sound in sounds])
        entries = np.array([sound.entry for sound in sounds], np.int64)
        self._memory = sounds[0].memory
        self._offsets = np.empty(count, np.int64)
        tracks = self._tracks.numbers[self._slots]
        known = self._numbers, self._index, self._codes, tracks, _RULES
        made = self._found, self._quick, np.empty(count, np.int64), self._offsets
        self._loops.survey(self._memory, entries, *known, *made)
        rules = tracks, self._columns, self._of, _RULES, _SAMPLES_AT_ONCE
        room = self._others, self._laid, self._pieces
        laid, pieces, most = self._loops.plan(self._found, self._quick, *rules, *room)
        self._tracks.numbers[self._slots] = tracks
        if most > len(self._sound):
            self._sound, self._there = np.zeros(most, np.int16), np.zeros(most, np.int16)
        if not laid:
            return
        rows = self._laid[:laid]
        begins = np.flatnonzero(np.diff(rows[:, columns.LAID_GROUP], prepend=-1))
        ends = np.append(rows[begins[1:], columns.LAID_PIECE], pieces)
        for some, end in zip(np.split(rows, begins[1:]), ends.tolist(), strict=True):
            yield from self._lay(some.tolist(), end)

    def others(self) -> list[RecordingFile]:
        """Return the files for which something came that is not usual."""
        return [self._files[file] for file in np.flatnonzero(self._others).tolist()]

    def _lay(self, rows: Sequence[Sequence[int]], end: int) -> Iterator[tuple[RecordingFile, bool, LaidDown]]:
        """Lay down files that are decoded together.

        Args:
            rows: theirs.
            end: of their pieces.
        """
        pieces = self._pieces[rows[0][columns.LAID_PIECE] : end]
        self._loops.lay(self._memory.view(np.uint8), self._offsets, pieces, self._tables, self._sound)
        sound, there, keep = self._sound.data, self._there.data, self._loops.keep
        for number, _, _, first, frames, target, noted, *spans in rows:
            file = self._files[number]
            kept = partial(keep, self._sound, self._there, target, frames, file.channels, *spans)
            behind = target + frames * file.channels
            laid = LaidDown(
                first, frames, sound[target:behind], there[target:behind], kept, partial(self._heard, number)
            )
            yield file, bool(noted), laid

    def _heard(self, number: int) -> list[Heard]:
        """Tell what came for a file."""
        begin, end = self._of[number : number + 2, columns.FILE_BEGIN].tolist()
        heard = []
        for tap, found in zip(self._taps[begin:end], self._found[begin:end].tolist(), strict=True):
            if found[columns.FOUND_COUNT]:
                first = found[columns.FOUND_FIRST]
                behind = first + found[columns.FOUND_COUNT] * found[columns.FOUND_OCTETS]
                sequences = found[columns.FOUND_FIRST_HEAD] & 0xFFFF, found[columns.FOUND_HEAD] & 0xFFFF
                heard.append(Heard(tap, first, behind, *sequences))
        return sorted(heard, key=lambda one: one.first)
