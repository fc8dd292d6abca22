"""One recording's file: sound laid out by time, what is missing, and how long it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from softswitch.media.recorder.about import MOST_GAPS, joined_at_s, update_about
from softswitch.media.recorder.placing import Track
from softswitch.media.recorder.sound import Run
from softswitch.media.recorder.wav import WavFile
from softswitch.runtime.log import get_logger

_log = get_logger(__name__)

_LISTED_GAP_S: Final = 0.005
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
    channel: int
    began_us: int
    track: Track = field(init=False)
    codes: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(128, np.uint8))
    """By payload type the code of its codec."""
    end: int = -1
    """Where its sound ends so far, in samples; -1 before the first."""
    sequence: int = 0
    """Its last packet's number."""
    resumes: bool = False
    """Whether the file had sound of it before, from a recorder that is no more."""

    def __post_init__(self) -> None:
        self.track = Track(self.began_us, self.file.rate_hz)


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
            if tap.end < 0 and joined_at < max(1.0, frames - _FRESH_S * self._rate_hz):
                tap.end, tap.resumes = frames, True

    def note_gaps(self, runs: Sequence[tuple[Tap, Run]]) -> None:
        """Note what is missing between runs, in the order of their places."""
        for tap, run in runs:
            if tap.end >= 0 and (run.first - tap.end) >= _LISTED_GAP_S * self._rate_hz:
                self._note_gap(tap.channel, tap.end, run.first, self._why(tap, run))
            tap.resumes = False
            tap.end = max(tap.end, run.first + len(run.samples))
            tap.sequence = run.last_sequence

    def _why(self, tap: Tap, run: Run) -> str:
        if tap.resumes:
            return "interrupted"
        if (run.first_sequence - tap.sequence) & 0xFFFF == 1:
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
            first, sound = self._opened().put([(run.first, self._column(tap), run.samples) for tap, run in runs])
        except OSError as error:
            first = min(run.first for _, run in runs)
            for channel in {tap.channel for tap, _ in runs}:
                self._note_gap(channel, first, end, error.strerror or str(error))
            raise
        self._end = max(self._end, end)
        if self._silence_s:
            self._listen(first, sound)

    def _opened(self) -> WavFile:
        if self._file is None:
            raise OSError(0, self.trouble or "there is no file")
        return self._file

    def _column(self, tap: Tap) -> int:
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

    def _listen(self, first: int, sound: npt.NDArray[np.int16]) -> None:
        """Note where somebody was heard last."""
        width = int(_LOUD_WINDOW_S * self._rate_hz)
        for start in range(0, len(sound), width):
            part = sound[start : start + width]
            if int(np.abs(part.astype(np.int32)).mean()) >= _LOUD // 2:
                self._loud_at = max(self._loud_at, first + start + len(part))
