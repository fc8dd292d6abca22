"""What the kernels of signal processing cost: microseconds a leg and frame of 20 ms, without packets or a tick.

Each kernel works on one frame of N legs, again and again, on sound like that of a call: half of the legs speak, the
others are silent. The batches stay in the cache as they do in a worker.

Usage: python -m bench.kernels [--legs N ...] [--runs N] [--only WORD]
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.measuring import interleaved, report
from softswitch.media.dsp.concealment import Concealer
from softswitch.media.dsp.key_detector import KeyDetector
from softswitch.media.dsp.levels import VoiceDetector, pick_speakers
from softswitch.media.dsp.tones import render_keys
from softswitch_codecs import codec_class, frame_octets
from softswitch_codecs.comfort_noise import ComfortNoise
from softswitch_codecs.resample import RATES_HZ, Resampler

_LEAST_S = 0.15
"""How long a kernel is repeated for one figure."""
_LOSS = 0.02

Kernel = Callable[[], object]


def speech(legs: int, rate_hz: int) -> np.ndarray:
    """Return a frame of each leg: harmonics of a voice in every other one, hardly any noise in the rest."""
    chance = np.random.default_rng(1)
    time_s = np.arange(rate_hz // 50) / rate_hz
    pitch_hz = chance.uniform(90, 250, (legs, 1))
    voice = sum(np.cos(2 * np.pi * number * pitch_hz * time_s) / number for number in range(1, 14))
    loud = np.where(np.arange(legs) % 2 == 0, 2500.0, 3.0)[:, np.newaxis]
    made: np.ndarray = (loud * voice).astype(np.int16)
    return made


def kernels(legs: int) -> dict[str, Kernel]:
    """Return the kernels for so many legs."""
    found: dict[str, Kernel] = {}
    for encoding, clock_hz in (("PCMU", 8000), ("PCMA", 8000), ("G722", 8000), ("L16", 16000)):
        cls = codec_class(encoding, clock_hz)
        if cls is None:
            continue
        codec, sound = cls(), speech(legs, cls.sample_rate_hz)
        payload = codec.encode(sound)
        assert payload.shape[1] == frame_octets(cls, 20)
        found[f"encode {encoding}"] = lambda codec=codec, sound=sound: codec.encode(sound)  # type: ignore[misc]
        found[f"decode {encoding}"] = lambda codec=codec, payload=payload: codec.decode(payload)  # type: ignore[misc]
    for from_hz, to_hz in ((8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000), (16000, 48000), (48000, 16000)):
        assert from_hz in RATES_HZ
        resampler, sound = Resampler(from_hz, to_hz), speech(legs, from_hz)
        name = f"resample {from_hz // 1000} to {to_hz // 1000} kHz"
        found[name] = lambda resampler=resampler, sound=sound: resampler.resample(sound)  # type: ignore[misc]
    return found | _on_sound(legs)


def _on_sound(legs: int) -> dict[str, Kernel]:
    sound = speech(legs, 8000)
    none_lost = np.zeros(legs, np.bool_)
    some_lost = np.random.default_rng(2).random(legs) < _LOSS
    concealer, lossy, voices, detector, noise = (
        Concealer(8000),
        Concealer(8000),
        VoiceDetector(),
        KeyDetector(),
        ComfortNoise(),
    )
    keys, pressed = KeyDetector(), np.tile(render_keys("5", 8000)[:160], (legs, 1))
    rooms = legs // 10
    heard = np.zeros((rooms, 10), np.bool_)
    levels = np.full(legs, -40)

    def pick() -> object:
        voice = voices.detect(sound, 20)
        shaped = type(voice)(
            voice.levels[: 10 * rooms].reshape(rooms, 10), voice.speaking[: 10 * rooms].reshape(rooms, 10)
        )
        return pick_speakers(shaped, heard, 3)

    return {
        "remember for concealment": lambda: concealer.play(sound, none_lost),
        "conceal 2 % lost": lambda: lossy.play(sound, some_lost),
        "level, voice, pick 3 of 10": pick,
        "listen for keys in speech": lambda: detector.listen(sound),
        "listen for keys while all press": lambda: keys.listen(pressed),
        "comfort noise": lambda: noise.generate(levels, 160),
    }


def timed(kernel: Kernel, legs: int) -> dict[str, float]:
    """Repeat a kernel; return its microseconds a leg."""
    kernel()
    turns, begun = 0, time.process_time()
    while (passed_s := time.process_time() - begun) < _LEAST_S:
        kernel()
        turns += 1
    return {"us_per_leg_frame": 1e6 * passed_s / turns / legs}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, nargs="+", default=[100, 500, 1000, 2000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="kernels whose name holds this word")
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    for legs in given.legs:
        measures = {
            f"{name}, {legs} legs": lambda kernel=kernel, legs=legs: timed(kernel, legs)
            for name, kernel in kernels(legs).items()
            if given.only in name
        }
        figures |= interleaved(given.runs, measures)
    report("kernels", figures)


if __name__ == "__main__":
    main()
