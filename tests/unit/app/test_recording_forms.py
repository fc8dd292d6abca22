"""Recordings in other forms: the same sound, or an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.app.recording_forms import convert, is_same_sound
from softswitch.core.errors import CommandError


@pytest.mark.parametrize("form", ["opus", "flac", "wav", "mp3"])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_recording_sounds_the_same_in_each_form(tmp_path: Path, form: str, rate_hz: int) -> None:
    moments = np.arange(3 * rate_hz) / rate_hz
    sound = np.stack([8000 * np.sin(2 * np.pi * 500 * moments), 4000 * np.sin(2 * np.pi * 900 * moments)], axis=1)
    source, target = tmp_path / "call.wav", tmp_path / f"copy.{form}"
    soundfile.write(source, sound.astype(np.int16), rate_hz)
    convert(source, target)
    read, _ = soundfile.read(target, always_2d=True)
    assert read.shape[1] == 2
    assert is_same_sound(source, target)
    middle = read[rate_hz : 2 * rate_hz]
    levels = np.abs(np.fft.rfft(middle * np.hanning(len(middle))[:, np.newaxis], axis=0))
    seconds = len(middle) / soundfile.info(target).samplerate
    assert [int(np.argmax(levels[:, channel]) / seconds) for channel in (0, 1)] == pytest.approx([500, 900], abs=5)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(b"no sound")
    with pytest.raises(CommandError, match="cannot be written"):
        convert(tmp_path / "call.wav", tmp_path / "call.opus")
    with pytest.raises(CommandError, match=r"'\.aiff' is no form"):
        convert(tmp_path / "call.wav", tmp_path / "call.aiff")
    assert [path.name for path in tmp_path.iterdir()] == ["call.wav"]


def test_shorter_or_silent_sound_is_not_the_same(tmp_path: Path) -> None:
    sound = (8000 * np.sin(np.arange(16000) / 3)).astype(np.int16)
    for name, samples in (("one", sound), ("short", sound[:8000]), ("silent", 0 * sound)):
        soundfile.write(tmp_path / f"{name}.wav", samples, 8000)
    assert is_same_sound(tmp_path / "one.wav", tmp_path / "one.wav")
    assert not is_same_sound(tmp_path / "one.wav", tmp_path / "short.wav")
    assert not is_same_sound(tmp_path / "one.wav", tmp_path / "silent.wav")


def test_without_a_library_that_writes_it_the_error_names_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "call.wav", np.zeros(8000, np.int16), 8000)
    monkeypatch.setattr(soundfile, "available_subtypes", lambda form: {})
    with pytest.raises(CommandError, match=r"writes no MP3: install one of 1\.1 or newer"):
        convert(tmp_path / "call.wav", tmp_path / "call.mp3")
    assert not (tmp_path / "call.mp3").exists()
