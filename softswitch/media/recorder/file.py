"""One recording's file: sound laid out by time, what is missing, and how long it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from softswitch.media.recorder.about import MOST_GAPS, joined_at_s, update_about
from softswitch.media.recorder.placing import Track
from softswitch.media.recorder.sound import Run
from softswitch.media.recorder.wav import Frames, WavFile
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

LISTED_GAP_S: Final = 0.005
"""Less is the seam of a stream that was moved after its phone's clock."""
_SILENT_FILL_S: Final = 1.0
"""So far behind now a file ends while nobody says anything."""
_LOUD: Final = 330
"""The amplitude from which somebody is heard: 40 dB below the loudest."""
_LOUD_WINDOW_S: Final = 0.02
_KEPT_SILENCE_S: Final = 0.5
"""What is left behind the last word where silence ends a recording."""
_WORTH_A_LOOK_S: Final = 0.1
_FRESH_S: Final = 1.0
"""Who joined so near to a file's end was not in it before."""
CHANNELS: Final = ("left", "right")


@dataclass(slots=True)
class Tap:
    """A leg that is heard in a file."""

    file: RecordingFile
    slot: int
    track: Track
    channel: int
    codes: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(128, np.uint8))
    """By payload type the code of its codec."""


class Heard(NamedTuple):
    """What came of a leg: it has no seam."""

    tap: Tap
    first: int
    end: int
    first_sequence: int
    last_sequence: int


class LaidDown(NamedTuple):
    """What came for a file, where it belongs."""

    first: int
    frames: int
    sound: memoryview
    """Its samples."""
    there: memoryview
    """Room for as many."""
    keep: Callable[[int], None]
    """Puts so many frames of what stands in ``there`` to where ``sound`` has nothing, and silence behind them."""
    heard: Callable[[], list[Heard]]
    """Tells whose it is, in the order of their places."""


class RecordingFile:
    """A recording.

    Args:
        name: of the recording.
        path: of its file.
        channels: of the file.
        began_us: monotonic time of its first sample.
        limit_s: its longest; 0 for any.
        silence_s: the silence that ends it; 0 for none.
    """

    def __init__(self, name: str, path: Path, channels: int, began_us: int, limit_s: float, silence_s: float) -> None:
        self.name = name
        self.began_us = began_us
        self.about = ""
        self.taps: set[int] = set()
        """Numbers of who is heard."""
        self.trouble = ""
        """Why it cannot be written now."""
        self.packets_lost = False
        """Whether packets found no room in this round."""
        self.gap_count = 0
        self.missing_s = 0.0
        self._path = path
        self._channels = channels
        self._limit_s = limit_s
        self._silence_s = silence_s
        self._file: WavFile | None = None
        self._rate_hz = 8000
        self._gaps: list[dict[str, Any]] = []
        self._last_gaps: dict[int, dict[str, Any]] = {}
        """By channel."""
        self._end = 0
        """Where sound ends so far, in samples."""
        self._loud_at = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    @property
    def channels(self) -> int:
        """How many it has."""
        return self._channels

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return self._rate_hz

    def open(self, rate_hz: int, taps: Sequence[Tap] = ()) -> None:
        """Make the file, or go on with the one that is there; nothing where that is done already.

        Args:
            rate_hz: of a file that is made.
            taps: who is heard; where the file goes on, what is missing of those who were in it before counts from its
                end.

        Raises:
            OSError: that cannot be.
        """
        if self._file is not None:
            return
        self._file = WavFile(self._path, self._channels, rate_hz)
        self._rate_hz, self._channels = self._file.rate_hz, self._file.channels
        frames = self._file.frames
        joined = joined_at_s(self.about) if frames else {}
        for tap in taps if frames else ():
            joined_at = joined.get(self._where(tap.channel), 0.0) * self._rate_hz
            if tap.track.end < 0 and joined_at < max(1.0, frames - _FRESH_S * self._rate_hz):
                tap.track.end, tap.track.resumes = frames, 1

    def note_gaps(self, runs: Sequence[tuple[Tap, Run]]) -> None:
        """Note what is missing between runs, in the order of their places."""
        for tap, run in runs:
            self.note_heard(tap, run.first, run.first + len(run.samples), run.first_sequence, run.last_sequence)

    def note_heard(self, tap: Tap, first: int, end: int, first_sequence: int, last_sequence: int) -> None:
        """Note what is missing before sound without a seam, and that it is there.

        Args:
            tap: whose it is.
            first: its place.
            end: of its place.
            first_sequence: its first packet's number.
            last_sequence: its last packet's.
        """
        track = tap.track
        if track.end >= 0 and (first - track.end) >= LISTED_GAP_S * self._rate_hz:
            self._note_gap(tap.channel, track.end, first, self._why(track, first_sequence))
        track.resumes = 0
        track.end = max(track.end, end)
        track.sequence = last_sequence

    def _why(self, track: Track, first_sequence: int) -> str:
        if track.resumes:
            return "interrupted"
        if (first_sequence - track.sequence) & 0xFFFF == 1:
            return "pause"
        return "overrun" if self.packets_lost else "lost"

    def write(self, runs: Sequence[tuple[Tap, Run]]) -> None:
        """Lay runs down where they belong.

        Raises:
            OSError: they could not be written; they are noted as missing.
        """
        end = max(run.first + len(run.samples) for _, run in runs)
        if end <= 0:
            return
        try:
            first, sound = self._opened().put([(run.first, self.column(tap), run.samples) for tap, run in runs])
        except OSError as error:
            first = min(run.first for _, run in runs)
            self._note_unwritten({tap.channel for tap, _ in runs}, first, end, error)
            raise
        self._note_written(first, end, sound)

    def write_laid(self, laid: LaidDown) -> None:
        """Write sound that is laid out already.

        Raises:
            OSError: it could not be written; it is noted as missing.
        """
        end = laid.first + laid.frames
        try:
            self._opened().fill_in(laid.first, laid.sound, laid.there, laid.keep)
        except OSError as error:
            self._note_unwritten({heard.tap.channel for heard in laid.heard()}, laid.first, end, error)
            raise
        self._note_written(laid.first, end, laid.sound)

    def _note_unwritten(self, channels: set[int], first: int, end: int, error: OSError) -> None:
        for channel in channels:
            self._note_gap(channel, first, end, error.strerror or str(error))

    def _note_written(self, first: int, end: int, sound: Frames | memoryview) -> None:
        self._end = max(self._end, end)
        if self._silence_s:
            self._listen(first, np.asarray(sound, np.int16).reshape(-1, self._channels))

    def _opened(self) -> WavFile:
        if self._file is None:
            raise OSError(0, self.trouble or "there is no file")
        return self._file

    def column(self, tap: Tap) -> int:
        """Return which channel of the file a leg is heard in."""
        return min(tap.channel, self._channels - 1)

    def keep_length(self, now_us: int) -> None:
        """Let the file be as long as its time is, but for the last second, also while nobody says anything.

        Raises:
            OSError: it cannot be.
        """
        due = int(((now_us - self.began_us) / 1e6 - _SILENT_FILL_S) * self._rate_hz)
        if self._file is not None and due - self._end > _WORTH_A_LOOK_S * self._rate_hz:
            self._file.reach(due)
            self._end = due

    def needs_look(self, now_us: int) -> bool:
        """Tell whether something may be due that nobody asks for."""
        frames = (now_us - self.began_us) * self._rate_hz / 1e6
        waits = self._file is not None and frames - self._end <= _SILENT_FILL_S * self._rate_hz
        return not waits or bool(self._limit_s or self._silence_s)

    def end_by_itself(self, now_us: int) -> tuple[str, int]:
        """Return why it is over, and at which sample; empty while it goes on."""
        frames = int((now_us - self.began_us) * self._rate_hz // 1_000_000)
        if self._limit_s and frames >= self._limit_s * self._rate_hz:
            return "limit", int(self._limit_s * self._rate_hz)
        if self._silence_s and frames - self._loud_at >= self._silence_s * self._rate_hz:
            return "silence", min(frames, self._loud_at + int(_KEPT_SILENCE_S * self._rate_hz))
        return "", 0

    def finish(self, frames: int) -> None:
        """Give the file its length.

        Raises:
            OSError: that cannot be.
        """
        if self._file is not None:
            self._file.end_at(frames)

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()

    def write_about(self) -> None:
        """Tell the file beside it how it stands; a disk that fails is told of elsewhere."""
        if not self.about:
            return
        found = {"rate_hz": self._rate_hz, "gaps": self._gaps, "gap_count": self.gap_count}
        try:
            update_about(self._path, self.about, {**found, "missing_s": round(self.missing_s, 3)})
        except (OSError, ValueError, KeyError) as error:
            _log.warning("recording.not_told", recording=self.name, reason=str(error))

    def _note_gap(self, channel: int, first: int, end: int, why: str) -> None:
        last = self._last_gaps.get(channel)
        from_s, to_s = round(max(0, first) / self._rate_hz, 3), round(end / self._rate_hz, 3)
        where = self._where(channel)
        if why != "pause":
            self.missing_s += (end - first) / self._rate_hz
            self.gap_count += 1
        if last is not None and last["why"] == why and last["to_s"] >= from_s:
            last["to_s"] = max(to_s, last["to_s"])
        elif len(self._gaps) < MOST_GAPS:
            self._last_gaps[channel] = {"channel": where, "from_s": from_s, "to_s": to_s, "why": why}
            self._gaps.append(self._last_gaps[channel])

    def _where(self, channel: int) -> str:
        return CHANNELS[channel] if self._channels == 2 else "mono"

    def _listen(self, first: int, sound: Frames) -> None:
        """Note where somebody was heard last."""
        width = int(_LOUD_WINDOW_S * self._rate_hz)
        for start in range(0, len(sound), width):
            part = sound[start : start + width]
            if int(np.abs(part.astype(np.int32)).mean()) >= _LOUD // 2:
                self._loud_at = max(self._loud_at, first + start + len(part))
