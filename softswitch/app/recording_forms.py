"""The forms that recordings may have: what they are converted to, and whether a converted one sounds the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from softswitch.app.sealed_files import SUFFIX
from softswitch.core.errors import CommandError

FORMS: Final = {
    "wav": ("WAV", "PCM_16"),
    "opus": ("OGG", "OPUS"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
"""By the end of a file's name, what libsndfile calls it."""
_OPUS_RATES: Final = (8000, 12000, 16000, 24000, 48000)
_KIND: Final = {"MP3": "float32"}
"""Of the samples that are handed over: MP3 of two channels comes out distorted by libsndfile 1.2.2 from 16 bits."""
_PIECE_FRAMES: Final = 1 << 16


def all_files_of(path: Path) -> Iterator[Path]:
    """Yield a recording's file in all its forms, and where those are made: what a killed converter may leave behind."""
    stem = Path(path.name.removesuffix(SUFFIX)).stem
    for form in FORMS:
        yield path.with_name(f"{stem}.{form}")
        yield path.with_name(f"{stem}.{form}{SUFFIX}")
        yield being_made(path, form)


def being_made(path: Path, form: str) -> Path:
    """Return where another form of a recording is written until it is whole."""
    return path.with_name(f".{Path(path.name.removesuffix(SUFFIX)).stem}.{form}")


def convert(source: Path, target: Path) -> None:
    """Write a recording in the form that the target's name asks for.

    Raises:
        CommandError: there is no such form, this machine cannot make it, or it cannot be written.
    """
    form, subtype = FORMS.get(target.suffix.removeprefix("."), ("", ""))
    if not form:
        text = f"'{target.suffix}' is no form of sound; write one of {', '.join(FORMS)}"
        raise CommandError(text, status=400, error_id="unknown-form", field="target")
    if subtype not in soundfile.available_subtypes(form):
        text = (
            f"The sound library of this machine (libsndfile {soundfile.__libsndfile_version__}) writes no {form}: "
            "install one of 1.1 or newer (Debian: apt install libsndfile1), or take another form"
        )
        raise CommandError(text, status=501, error_id="form-missing", field="target")
    try:
        with soundfile.SoundFile(source) as read:
            _check_rate(form, read.samplerate)
            with soundfile.SoundFile(target, "w", read.samplerate, read.channels, subtype, format=form) as written:
                for piece in read.blocks(_PIECE_FRAMES, dtype=_KIND.get(form, "int16"), always_2d=True):
                    written.write(piece)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        raise CommandError(f"{target} cannot be written: {error}", status=500, error_id="not-converted") from error


def _check_rate(form: str, rate_hz: int) -> None:
    if form == "OGG" and rate_hz not in _OPUS_RATES:
        raise CommandError(f"Opus has no rate {rate_hz}", status=400, error_id="unknown-form", field="target")


def is_same_sound(one: Path, other: Path, *, tolerance_s: float = 0.1) -> bool:
    """Tell whether two files are as long as each other, and each channel about as loud in both."""
    with soundfile.SoundFile(one) as first, soundfile.SoundFile(other) as second:
        if first.channels != second.channels:
            return False
        if abs(first.frames / first.samplerate - second.frames / second.samplerate) > tolerance_s:
            return False
        before, after = _levels(first), _levels(second)
    return bool((np.abs(before - after) <= 0.3 * np.maximum(before, after) + 0.001).all())


def _levels(file: soundfile.SoundFile) -> npt.NDArray[np.float64]:
    total = np.zeros(file.channels)
    for piece in file.blocks(_PIECE_FRAMES, dtype="float32", always_2d=True):
        total += np.square(piece).sum(axis=0)
    levels: npt.NDArray[np.float64] = np.sqrt(total / max(1, file.frames))
    return levels
