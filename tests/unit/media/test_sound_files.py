"""Sound files: decoded once, in pieces, kept; what cannot be played is told."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.core.errors import MediaError
from softswitch.media.sound_files import MUSIC_ON_HOLD, SoundFile, SoundFiles
from tools.make_music import RATE_HZ, compose

FORMATS = [("wav", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III"), ("wav", "ULAW")]


def write(path: Path, rate_hz: int = 16000, seconds: float = 0.5, *, frequency_hz: float = 440, **how: object) -> str:
    sound = 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz)
    soundfile.write(path, sound, rate_hz, **how)
    return str(path)


def strongest_hz(samples: np.ndarray, rate_hz: int) -> float:
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    return float(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))))) * rate_hz / len(middle)


@pytest.mark.parametrize(("ending", "subtype"), FORMATS)
@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_file_is_heard_at_the_rate_that_was_asked_for(
    tmp_path: Path, ending: str, subtype: str, rate_hz: int
) -> None:
    path = write(tmp_path / f"tone.{ending}", 44100, subtype=subtype)
    samples = SoundFile(path, rate_hz).decode_all()
    assert samples.dtype == np.int16
    assert len(samples) / rate_hz == pytest.approx(0.5, abs=0.06 if ending == "mp3" else 0.001)
    assert strongest_hz(samples, rate_hz) == pytest.approx(440, abs=5)
    assert np.sqrt(np.mean(samples[rate_hz // 10 : rate_hz // 3].astype(float) ** 2)) == pytest.approx(6951, rel=0.05)


def test_an_mp3_has_no_seams_where_one_piece_ends_and_the_next_begins(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.mp3", 16000, 1.0, subtype="MPEG_LAYER_III")
    at_once, _ = soundfile.read(path, dtype="float32")
    in_pieces = SoundFile(path, 16000).decode_all()
    assert np.abs(in_pieces - 32768 * at_once[: len(in_pieces)]).max() <= 1


def test_two_channels_become_one(tmp_path: Path) -> None:
    left = np.full(800, 0.5)
    soundfile.write(tmp_path / "two.wav", np.stack((left, -left / 2), axis=1), 8000, subtype="PCM_16")
    samples = SoundFile(str(tmp_path / "two.wav"), 8000).decode_all()
    assert np.abs(samples - 4096).max() <= 1


def test_a_file_of_the_wanted_rate_is_heard_sample_by_sample(tmp_path: Path) -> None:
    sound = np.random.default_rng(14).integers(-32768, 32767, 5000, np.int16)
    soundfile.write(tmp_path / "noise.wav", sound, 8000, subtype="PCM_16")
    assert np.array_equal(SoundFile(str(tmp_path / "noise.wav"), 8000).decode_all(), sound)


def test_what_is_decoded_first_stays_while_the_rest_is_decoded(tmp_path: Path) -> None:
    file = SoundFile(write(tmp_path / "tone.flac", seconds=1.0), 8000)
    assert len(file.samples) == 0
    file.decode_piece()
    first = file.samples.copy()
    assert 500 < len(first) <= 800
    assert not file.is_whole
    assert np.array_equal(file.decode_all()[: len(first)], first)
    assert (file.is_whole, file.failure) == (True, "")


def wav_of_codec(number: int) -> bytes:
    """A second in a codec that the library has not, by its number in the header."""
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, number, 1, 8000, 1000, 1, 0, 0)
    data = struct.pack("<4sI", b"data", 1000) + bytes(range(250)) * 4
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.wav", None, "No such file"),
        ("text.wav", b"this is no sound at all, but it is long enough to be looked at", "cannot play"),
        ("empty.mp3", b"", "cannot play"),
        ("cut.flac", b"fLaC\x00\x00\x00\x22", "cannot play"),
        ("wma.wav", wav_of_codec(0x0161), "cannot play"),
        ("g723.wav", wav_of_codec(0x0111), "cannot play"),
        ("nul\0.wav", None, "null"),
    ],
)
def test_what_cannot_be_played_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=reason) as told:
        SoundFiles().open(str(path), 8000)
    assert str(path) in str(told.value)


def test_a_folder_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot play"):
        SoundFiles().open(str(tmp_path), 8000)


def test_a_file_whose_data_is_broken_ends_early_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "broken.flac"
    write(path, 8000, 4.0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    file = SoundFile(str(path), 8000)
    samples = file.decode_all()
    assert file.is_whole
    assert len(samples) < 8000 * 3.9


def test_a_file_longer_than_two_hours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.media.sound_files.LONGEST_S", 1)
    with pytest.raises(MediaError, match="longer than"):
        SoundFile(write(tmp_path / "long.wav", seconds=1.5), 8000)


def test_a_file_is_decoded_once_for_all_who_play_it(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav")
    files = SoundFiles()
    first = files.open(path, 8000)
    assert files.open(path, 8000) is first
    assert files.open(path, 16000) is not first
    for _ in range(40):
        files.work()
    assert first.is_whole
    assert len(first.samples) == 4000


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav")
    files = SoundFiles()
    first = files.open(path, 8000)
    os.utime(path, ns=(1, 1))
    assert files.open(path, 8000) is not first


def test_files_that_nobody_plays_make_room_the_longest_unused_first(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.wav", 8000, 1.0) for number in range(4)]
    files = SoundFiles(kept_octets=40_000)  # two and a half of them
    opened = [files.open(path, 8000) for path in paths]
    for _ in range(200):
        files.work()
    assert files.octets == 64_000  # all are played
    for file in opened[:3]:
        files.release(file)
    again = files.open(paths[0], 8000)
    assert again is opened[0]
    files.open(write(tmp_path / "5.wav", 8000, 0.1), 8000)
    for _ in range(10):
        files.work()
    assert files.open(paths[0], 8000) is opened[0]
    assert files.open(paths[3], 8000) is opened[3]
    assert files.open(paths[1], 8000) is not opened[1]


def test_the_shipped_music_is_what_the_tool_makes_small_and_without_a_seam() -> None:
    assert Path(MUSIC_ON_HOLD).stat().st_size <= 300_000
    heard = SoundFile(MUSIC_ON_HOLD, RATE_HZ).decode_all().astype(np.float64)
    wanted = 32768 * compose()
    assert len(heard) == len(wanted)
    assert np.mean((heard - wanted) ** 2) < 0.02 * np.mean(wanted**2)
    steps = np.abs(np.diff(np.concatenate((heard[-200:], heard[:200]))))
    assert steps[199] <= np.abs(np.diff(heard)).max() / 4
    assert -26 < 20 * np.log10(np.sqrt(np.mean(heard**2)) / 32768) < -18
