#!/usr/bin/env python3
"""Write the music on hold: a piece of our own, computed note by note, that ends where it begins.

    .venv/bin/python tools/make_music.py softswitch/media/music_on_hold.ogg

Eight bars of plucked chords over a soft bass, in A minor. All of it lies between 110 and 3400 Hz, which is what a
telephone carries.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ: Final = 16000
BEAT_S: Final = 0.5
BEATS_A_BAR: Final = 6
PEAK: Final = 0.35
BARS: Final = (
    ("A2", "A3 C4 E4 A4 E4 C4"),
    ("F2", "F3 A3 C4 F4 C4 A3"),
    ("C3", "G3 C4 E4 G4 E4 C4"),
    ("G2", "G3 B3 D4 G4 D4 B3"),
    ("A2", "A3 E4 A4 C5 A4 E4"),
    ("D3", "A3 D4 F4 A4 F4 D4"),
    ("E2", "G3 B3 E4 G4 E4 B3"),
    ("E2", "G#3 B3 E4 B4 G#4 E4"),
)
"""The bass and the six notes of each bar."""

Sound = npt.NDArray[np.float64]


def frequency_hz(note: str) -> float:
    """Return the frequency of a note such as ``G#3``; A4 is 440 Hz."""
    step = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B").index(note[:-1])
    return float(440 * 2 ** ((step + 12 * (int(note[-1]) - 4) - 9) / 12))


def plucked(pitch_hz: float, seconds: float, brightness: float) -> Sound:
    """Return a note that is struck and dies away, its overtones sooner."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound: Sound = np.zeros(len(time_s))
    for overtone in range(1, int(3400 / pitch_hz) + 1):
        fading = np.exp(-time_s * (1.2 + 0.8 * overtone))
        sound += brightness**overtone * fading * np.sin(2 * np.pi * overtone * pitch_hz * time_s)
    attack = np.minimum(1, time_s / 0.004)
    release = np.minimum(1, (seconds - time_s) / 0.02)
    made: Sound = sound * attack * release
    return made


def compose() -> Sound:
    """Return the whole piece; what sounds beyond its end is heard at its beginning."""
    beat = int(BEAT_S * RATE_HZ)
    piece: Sound = np.zeros(len(BARS) * BEATS_A_BAR * beat)
    for number, (bass, notes) in enumerate(BARS):
        struck = [(0, plucked(2 * frequency_hz(bass), 3.0, 0.45))]
        struck += [(place, 0.8 * plucked(frequency_hz(note), 2.0, 0.5)) for place, note in enumerate(notes.split())]
        for place, sound in struck:
            start = (number * BEATS_A_BAR + place) * beat
            np.add.at(piece, (start + np.arange(len(sound))) % len(piece), sound)
    made: Sound = piece * PEAK / np.abs(piece).max()
    return made


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description="Write the music on hold.")
    parser.add_argument("path", type=Path)
    soundfile.write(parser.parse_args().path, compose(), RATE_HZ, format="OGG", subtype="VORBIS")


if __name__ == "__main__":
    main()
