"""The recordings of one recorder: what is told of them, what came for them, what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from softswitch.media.loops.found import Loops
from softswitch.media.recorder.file import LaidDown, RecordingFile, Tap
from softswitch.media.recorder.placing import Tracks, places
from softswitch.media.recorder.sound import MOST_OCTETS_AT_ONCE, Decoder, Packets, Run
from softswitch.media.recorder.usual import USABLE, Usual
from softswitch.media.tap_ring import Sound
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

_LEGS_AT_ONCE: Final = 128
"""Decoded and written together: so much sound of a round stays in the cache."""

Tell = Callable[[tuple[Any, ...]], None]


class Scribe:
    """Writes recordings.

    Args:
        tell: tells the worker what became of them.
        loops: what there is of :mod:`softswitch.media.loops`; None to do without.
    """

    def __init__(self, tell: Tell, loops: Loops | None = None) -> None:
        self._tell = tell
        self._decoder = Decoder()
        self._tracks = Tracks()
        self._usual = Usual(loops, self._decoder, self._tracks) if loops is not None and USABLE else None
        self._changed = True
        """Whether others are heard than in the round before, or otherwise."""
        self._files: dict[str, RecordingFile] = {}
        self._taps: dict[int, Tap] = {}
        self._packets_lost = False
        """Whether packets found no room on their way here in the round before: what is missing shows in this one."""
        self._leaving: list[tuple[RecordingFile, int]] = []
        """Who is not heard any more once this round is written."""

    @property
    def idle(self) -> bool:
        """Whether nothing is recorded."""
        return not self._files

    def write_round(self, entries: Iterable[Sound | tuple[Any, ...]], *, now_us: int, packets_lost: bool) -> None:
        """Write what has come.

        Args:
            entries: messages and sound, in their order.
            now_us: monotonic.
            packets_lost: whether some found no room on their way here.
        """
        sounds: list[Sound] = []
        ends: list[tuple[Any, ...]] = []
        for entry in entries:
            if isinstance(entry, Sound):
                sounds.append(entry)
            elif entry[0] == "record":
                self._record(*entry[1:])
            elif entry[0] == "end":
                ends.append(entry[1:])
        for file in self._files.values():
            file.packets_lost = packets_lost or self._packets_lost
        self._packets_lost = packets_lost
        for some in _in_pieces(sounds):
            self._take_usual(some)
        leaving, self._leaving = self._leaving, []
        for file, tap in leaving:
            self._let_go(file, tap)
        for name, ended_us, about in ends:
            self._end(name, ended_us, about)
        for file in [file for file in self._files.values() if file.needs_look(now_us)]:
            self._look(file, now_us)

    def end_all(self) -> None:
        """Let go of all files: the worker is gone. Another one may go on with them."""
        for file in list(self._files.values()):
            file.write_about()
            self._forget(file)

    # What is told

    def _record(
        self,
        name: str,
        channels: Sequence[Sequence[int]],
        formats: dict[int, Sequence[Sequence[Any]]],
        path: str,
        began_us: int,
        about: str,
        limit_s: float,
        silence_s: float,
    ) -> None:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = RecordingFile(name, Path(path), len(channels), began_us, limit_s, silence_s)
        file.about = about
        wanted = {tap: number for number, channel in enumerate(channels) for tap in channel}
        self._leaving += [(file, tap) for tap in file.taps if tap not in wanted]
        for tap, number in wanted.items():
            self._listen(file, tap, number, formats.get(tap, ()))
        self._try(file, lambda: self._open(file), proves=False)
        file.write_about()

    def _listen(self, file: RecordingFile, number: int, channel: int, formats: Sequence[Sequence[Any]]) -> None:
        self._changed = True
        tap = self._taps.get(number)
        if tap is None:
            tap = self._taps[number] = Tap(file, *self._tracks.take(file.began_us, file.rate_hz), channel)
            file.taps.add(number)
        tap.codes[:] = 0
        for encoding, clock_hz, channels, payload_type in formats:
            code = self._decoder.code_of(encoding, clock_hz, channels)
            tap.codes[payload_type & 0x7F] = code
            if code:
                tap.track.clock_hz = clock_hz

    def _open(self, file: RecordingFile) -> None:
        self._changed = True
        file.open(self._rate_for(file), [self._taps[number] for number in file.taps])

    def _rate_for(self, file: RecordingFile) -> int:
        """Return the highest rate of those who are heard, so that nothing is lost; 8000 where nobody is known yet."""
        codes = {int(code) for number in file.taps for code in self._taps[number].codes if code}
        return min(48000, max((self._decoder.rate_of(code) for code in codes), default=8000))

    def _let_go(self, file: RecordingFile, number: int) -> None:
        self._changed = True
        file.taps.discard(number)
        tap = self._taps.pop(number, None)
        if tap is None:
            return
        self._decoder.forget(tap.slot)
        self._tracks.give_back(tap.slot)

    # What has come

    def _take_usual(self, sounds: Sequence[Sound]) -> None:
        """Place, decode and write packets, what is usual of them in compiled loops."""
        if self._usual is None:
            self._take(sounds, self._taps)
            return
        if self._changed:
            self._usual.follow(self._files, self._taps)
            self._changed = False
        for file, noted, laid in self._usual.take(sounds):
            if noted:
                for heard in laid.heard():
                    file.note_heard(*heard)
            self._write_laid(file, laid)
        others = self._usual.others()
        if others:
            self._take(sounds, {number: self._taps[number] for file in others for number in file.taps})

    def _write_laid(self, file: RecordingFile, laid: LaidDown) -> None:
        try:
            file.write_laid(laid)
        except OSError as error:
            self._note_trouble(file, error.strerror or str(error))
        else:
            self._note_trouble(file, "")

    def _take(self, sounds: Sequence[Sound], whose: Mapping[int, Tap]) -> None:
        """Place, decode and write packets of some taps."""
        taps = np.concatenate([sound.taps for sound in sounds])
        numbers, of = np.unique(taps, return_inverse=True)
        known = [whose.get(number) for number in numbers.tolist()]
        order = np.argsort(of, kind="stable")
        if None in known:
            there = np.array([tap is not None for tap in known])
            order = order[there[of[order]]]
            of = (np.cumsum(there) - 1)[of]
        tracks = [tap for tap in known if tap is not None]
        if order.size:
            came = _Came(sounds)
            of = of[order]
            for first in range(0, len(tracks), _LEGS_AT_ONCE):
                part = slice(*np.searchsorted(of, (first, first + _LEGS_AT_ONCE)))
                some = tracks[first : first + _LEGS_AT_ONCE]
                self._write_runs(some, self._runs(some, came, of[part] - first, order[part]))

    def _runs(self, taps: Sequence[Tap], came: _Came, of: Any, order: Any) -> Iterator[Run]:  # noqa: ANN401
        for tap in taps:
            tap.track.rate_hz = tap.file.rate_hz
        heads = came.heads[order].astype(np.int64)
        timestamps, streams, lengths = (
            each[order].astype(np.int64) for each in (came.timestamps, came.streams, came.lengths)
        )
        placed = places([tap.track for tap in taps], of, streams, timestamps, came.at_us[order])
        codes = np.array([tap.codes for tap in taps])[of, (heads >> 16) & 0x7F]
        packets = Packets(of, placed, codes, lengths, heads & 0xFFFF, order)
        rates = np.array([tap.file.rate_hz for tap in taps])
        slots = np.array([tap.slot for tap in taps])
        return self._decoder.runs(packets, came.payloads, rates, slots)

    def _write_runs(self, taps: Sequence[Tap], runs: Iterable[Run]) -> None:
        by_file: dict[str, tuple[RecordingFile, list[tuple[Tap, Run]]]] = {}
        for run in runs:
            tap = taps[run.track]
            by_file.setdefault(tap.file.name, (tap.file, []))[1].append((tap, run))
        for file, of_file in by_file.values():
            of_file.sort(key=lambda pair: pair[1].first)
            file.note_gaps(of_file)
            self._try(file, lambda file=file, of_file=of_file: file.write(of_file))  # type: ignore[misc]

    def _try(self, file: RecordingFile, work: Callable[[], None], *, proves: bool = True) -> None:
        """Do what may fail; tell when it begins to fail, and when it works again, if this ``proves`` that."""
        try:
            work()
        except OSError as error:
            self._note_trouble(file, error.strerror or str(error))
        else:
            if proves:
                self._note_trouble(file, "")

    def _note_trouble(self, file: RecordingFile, trouble: str) -> None:
        if trouble != file.trouble:
            file.trouble = trouble
            _log.warning("recording.trouble", recording=file.name, reason=trouble or "over")
            self._tell(("trouble", file.name, trouble))

    # How they end

    def _look(self, file: RecordingFile, now_us: int) -> None:
        """Try again what failed, end what has had its time or is silent."""
        if not file.is_open:
            self._try(file, lambda: self._open(file))
        why, frames = file.end_by_itself(now_us)
        if why:
            self._finish(file, why, frames)
        else:
            self._try(file, lambda: file.keep_length(now_us), proves=False)

    def _end(self, name: str, ended_us: int, about: str) -> None:
        file = self._files.get(name)
        if file is None:
            self._tell(("ended", name, "lost", 0.0, 0, 0.0))
            return
        if about:
            file.about = about
        self._finish(file, "asked", max(0, (ended_us - file.began_us) * file.rate_hz // 1_000_000))

    def _finish(self, file: RecordingFile, why: str, frames: int) -> None:
        self._try(file, lambda: file.finish(frames))
        file.write_about()
        why = why if file.is_open else "lost"
        self._tell(("ended", file.name, why, frames / file.rate_hz, file.gap_count, round(file.missing_s, 3)))
        self._forget(file)

    def _forget(self, file: RecordingFile) -> None:
        for number in list(file.taps):
            self._let_go(file, number)
        file.close()
        del self._files[file.name]


class _Came:
    """All packets of a round, in the order in which they came."""

    def __init__(self, sounds: Sequence[Sound]) -> None:
        self.heads = np.concatenate([sound.heads for sound in sounds])
        self.timestamps = np.concatenate([sound.timestamps for sound in sounds])
        self.streams = np.concatenate([sound.streams for sound in sounds])
        self.lengths = np.concatenate([sound.lengths for sound in sounds])
        self.at_us = np.concatenate([sound.now_us - sound.ages_us.astype(np.int64) for sound in sounds])
        self.payloads = _payloads(sounds)


def _in_pieces(sounds: Sequence[Sound]) -> Iterator[list[Sound]]:
    piece: list[Sound] = []
    count = width = 0
    for sound in sounds:
        count, width = count + len(sound.taps), max(width, sound.payloads.shape[1])
        if piece and count * width > MOST_OCTETS_AT_ONCE:
            yield piece
            piece, count, width = [], len(sound.taps), sound.payloads.shape[1]
        piece.append(sound)
    if piece:
        yield piece


def _payloads(sounds: Sequence[Sound]) -> Any:  # noqa: ANN401
    width = max(sound.payloads.shape[1] for sound in sounds)
    if all(sound.payloads.shape[1] == width for sound in sounds):
        return np.concatenate([sound.payloads for sound in sounds])
    made = np.zeros((sum(len(sound.taps) for sound in sounds), width), np.uint8)
    row = 0
    for sound in sounds:
        count, own = sound.payloads.shape
        made[row : row + count, :own] = sound.payloads
        row += count
    return made
