"""A recorder in the rig's own process and time, and what its files hold."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from softswitch.media.engine import Recording
from softswitch.media.loops.found import find_loops
from softswitch.media.recorder.main import ROUND_S
from softswitch.media.recorder.scribe import Scribe
from softswitch.media.tap_ring import RING_OCTETS, TapReader, make_memory

Samples = npt.NDArray[np.float64]


class HandRecorder:
    """Makes a round whenever :meth:`look` finds that it is time; dies and comes back as it is told.

    Args:
        octets: of the memory through which sound comes.
    """

    def __init__(self, octets: int = RING_OCTETS) -> None:
        self._memory = make_memory(octets)
        self.reader = TapReader(self._memory)
        self._said: Callable[[tuple[Any, ...]], None] = lambda _: None
        self._died: Callable[[], None] = lambda: None
        self.scribe: Scribe | None = None
        self.starts = 0
        self.stopped = False
        """Whether it makes no rounds."""
        self._next = 0.0
        self._lost = 0

    def memory(self) -> int:
        return os.dup(self._memory)

    def start(self, said: Callable[[tuple[Any, ...]], None], died: Callable[[], None]) -> HandRecorder:
        self._said, self._died = said, died
        self.scribe = Scribe(lambda message: self._said(message), find_loops().loops)
        self.starts += 1
        return self

    def wake(self) -> None:
        """It looks by itself."""

    def look(self, now: float, *, at_once: bool = False) -> None:
        """Make a round where it is time."""
        if self.scribe is None or self.stopped or (now < self._next and not at_once):
            return
        self._next = now + ROUND_S
        written = self.reader.written
        lost, self._lost = self._lost, self.reader.lost
        entries = self.reader.read(written)
        self.scribe.write_round(entries, now_us=int(1e6 * now), packets_lost=self._lost > lost)
        self.reader.free(written)

    def die(self) -> None:
        """Vanish with all that was not written."""
        self.scribe = None
        self._died()


def recording(path: Path, *channels: str, began_s: float, **more: float) -> Recording:
    return Recording(path.stem, str(path), tuple((leg,) for leg in channels), int(1e6 * began_s), "", **more)


def read(path: Path) -> tuple[int, Samples]:
    """Return rate and samples, shape (frames, channels)."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return file.getframerate(), samples.astype(np.float64)


def loud_from_to(samples: Samples, rate_hz: int, tone_hz: float) -> tuple[float, float]:
    """Return from when to when a tone sounds, in seconds: where most of what sounds in 10 ms is it."""
    size = rate_hz // 100
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    turns = np.exp(-2j * np.pi * tone_hz * np.arange(size) / rate_hz)
    level = 2 * np.abs(parts @ turns) / size
    loud = np.flatnonzero(level > 2500)
    return (float(loud[0]) / 100, float(loud[-1] + 1) / 100) if loud.size else (0.0, 0.0)


def level_of(samples: Samples, rate_hz: int, tone_hz: float) -> float:
    """Return the amplitude of a tone."""
    window = np.hanning(len(samples))
    turns = np.exp(-2j * np.pi * tone_hz * np.arange(len(samples)) / rate_hz)
    return float(2 * abs(np.sum(samples * window * turns)) / np.sum(window))
