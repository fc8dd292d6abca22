"""Tones to files, and what a recording holds."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE_HZ = 8000
PURE = 0.95
"""The least share of a tone in sound of nothing else: where packets come late, on a busy machine, it has seams."""
_SEAMY = 0.6
"""The least share of a tone in sound with many seams; of two tones together, or in turn, neither has as much."""


def write_tone(path: Path, frequency_hz: float, seconds: float = 30.0, *, amplitude: int = 16000) -> Path:
    """Write a mono 16-bit WAV at 8 kHz with one tone, at half of full scale if nothing else is said."""
    time_s = np.arange(RATE_HZ) / RATE_HZ  # of whole periods, where the frequency is a whole number
    second = (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype("<i2")
    samples = np.resize(second, int(RATE_HZ * seconds))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> npt.NDArray[np.float64]:
    """Read the samples of a mono 16-bit file, also of one whose header was never finished."""
    data = path.read_bytes()
    start = data.index(b"data") + 8 if b"data" in data else len(data)
    octets = data[start : start + (len(data) - start) // 2 * 2]
    return np.frombuffer(octets, "<i2").astype(np.float64)


def read_mono(path: Path) -> tuple[int, npt.NDArray[np.float64]]:
    """Return rate and samples of the first channel of a 16-bit file, also of one whose header was never finished."""
    head = path.read_bytes()[:36]
    if len(head) < 36:
        return RATE_HZ, np.zeros(0)
    channels, rate_hz = struct.unpack_from("<HI", head, head.index(b"fmt ") + 10)
    samples = read_wav(path)
    return rate_hz, samples[: len(samples) // channels * channels : channels]


def loud_part(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cut silence off both ends."""
    loud = np.flatnonzero(np.abs(samples) > 500)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def loud_s(path: Path) -> float:
    """Return the seconds from the first to the last loud sample of a 16-bit file, whatever its rate and channels."""
    rate_hz, samples = read_mono(path)
    return len(loud_part(samples)) / rate_hz


def share_of(samples: npt.NDArray[np.float64], frequency_hz: float, rate_hz: int = RATE_HZ) -> float:
    """Return the share of the power above 60 Hz that is within 15 Hz of a frequency."""
    if len(samples) < rate_hz // 4:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    near = np.abs(frequencies - frequency_hz) < 15
    total = float(spectrum[frequencies > 60].sum())
    return float(spectrum[near].sum()) / total if total else 0.0


def is_tone(samples: npt.NDArray[np.float64], frequency_hz: float) -> bool:
    """Tell whether sound of a second or two is one tone: there may be a seam in it, where packets came late."""
    size = RATE_HZ // 3
    parts = (samples[start : start + size] for start in range(0, len(samples) - size + 1, size // 2))
    purest = max((share_of(part, frequency_hz) for part in parts), default=0.0)
    return purest > PURE and share_of(samples, frequency_hz) > _SEAMY


def longest_without(samples: npt.NDArray[np.float64], frequency_hz: float) -> npt.NDArray[np.float64]:
    """Return the longest stretch that is loud and is not this tone, in steps of a quarter of a second."""
    size = RATE_HZ // 4
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    other = [np.abs(part).max() > 500 and share_of(part, frequency_hz) < 0.2 for part in parts]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.array(other, int), [0]))))
    runs = [(start, end) for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
    start, end = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    return samples[start * size : end * size]


def likeness(samples: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> float:
    """Return how alike sound is to the place in a piece, played again and again, that it is most like: 0 to 1."""
    return float(_alike(samples, whole).max())


def best_likeness(samples: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> float:
    """Do the same with the half second that is most like it: on a busy machine sound has a seam here and there."""
    size = RATE_HZ // 2
    return max(
        (likeness(samples[at : at + size], whole) for at in range(0, len(samples) - size + 1, size // 2)), default=0.0
    )


def place_of(samples: npt.NDArray[np.float64], whole: npt.NDArray[np.float64], least: float) -> int | None:
    """Return the first place in a piece to which sound is at least so alike; None where there is none."""
    places = np.flatnonzero(_alike(samples, whole) >= least)
    return int(places[0]) if len(places) else None


def _alike(samples: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    size = len(whole)
    if not 0 < len(samples) <= size:
        return np.zeros(1)
    part = np.fft.rfft(samples, size)
    products = np.fft.irfft(np.fft.rfft(whole) * part.conj(), size)
    squares = np.concatenate((whole, whole[: len(samples)])) ** 2
    sums = np.cumsum(np.concatenate(([0.0], squares)))
    energy = sums[len(samples) : len(samples) + size] - sums[:size]
    found: npt.NDArray[np.float64] = products / np.sqrt(np.maximum(energy, 1) * np.sum(samples**2))
    return found


def silent_gaps(samples: npt.NDArray[np.float64], *, shortest_ms: int = 15) -> int:
    """Count the gaps in a tone: stretches of near silence, as a lost packet leaves them."""
    quiet = np.abs(samples) < 200
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(int), [0]))))
    lengths = edges[1::2] - edges[::2]
    return int((lengths > shortest_ms * RATE_HZ // 1000).sum())
