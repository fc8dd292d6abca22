#!/usr/bin/env python3
"""Record the prompt pack with espeak-ng: every text that phrases are put together of, 8 kHz mono Ogg Vorbis.

    .venv/bin/python tools/make_prompts.py softswitch/speech/pack

Files that are there are left alone unless --again is given; those that belong to no text are removed. The program
espeak-ng is a tool here as a compiler is: sound that it makes is not a copy of it, and none of it is shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from softswitch.media.dsp.any_rate import AnyRate
from softswitch.speech.phrases import LANGUAGES
from softswitch.speech.prompts import file_name
from softswitch.speech.speaker import Speaker, installed_speaker
from softswitch.speech.vocabulary import vocabulary

RATE_HZ: Final = 8000
LEVEL_DBFS: Final = -20.0
MARGIN_S: Final = 0.03
SILENT: Final = 0.01
VOICES: Final = {"ru": "ru", "en": "en-us"}
SPELLED: Final = {"en": {"oh": "o", "a m": "A M", "p m": "P M"}}
"""How a text must be written for the program to say it as it is meant."""

Sound = npt.NDArray[np.float32]


def main() -> None:
    """Record what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--again", action="store_true", help="record everything anew")
    arguments = parser.parse_args()
    speaker = installed_speaker()
    for code in LANGUAGES:
        record(speaker, code, arguments.folder / code, again=arguments.again)


def record(speaker: Speaker, code: str, folder: Path, *, again: bool) -> None:
    """Record a language."""
    by_name: dict[str, str] = {}
    for text in vocabulary(code):
        other = by_name.setdefault(file_name(text), text)
        if other != text:
            raise SystemExit(f"{code}: {text!r} and {other!r} would share a file")
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.ogg"):
        if path.stem not in by_name:
            path.unlink()
    for name, text in by_name.items():
        path = folder / f"{name}.ogg"
        if again or not path.exists():
            speech = speaker.speak(SPELLED.get(code, {}).get(text, text), code, VOICES[code])
            soundfile.write(path, made_even(speech.samples, speech.rate_hz), RATE_HZ, format="OGG", subtype="VORBIS")
    total = sum(path.stat().st_size for path in folder.glob("*.ogg"))
    print(f"{code}: {len(by_name)} prompts, {total // 1024} KiB")


def made_even(samples: npt.NDArray[np.int16], rate_hz: int) -> Sound:
    """Return sound at the pack's rate and level, without the silence at its ends."""
    sound = AnyRate(rate_hz, RATE_HZ).resample((samples / 32768).astype(np.float32), last=True)
    loud = np.flatnonzero(np.abs(sound) > SILENT)
    margin = int(MARGIN_S * RATE_HZ)
    sound = sound[max(0, loud[0] - margin) : loud[-1] + margin]
    level = np.sqrt(np.mean(np.square(sound)))
    even: Sound = np.clip(sound * (10 ** (LEVEL_DBFS / 20) / level), -0.98, 0.98).astype(np.float32)
    return even


if __name__ == "__main__":
    main()
