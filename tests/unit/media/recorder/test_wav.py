from __future__ import annotations

import errno
import os
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.media.recorder.wav import Frames, WavFile


def sound(*frames: tuple[int, ...]) -> Frames:
    return np.array(frames, np.int16)


def read(path: Path) -> tuple[int, int, list[int]]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").tolist()
        return file.getframerate(), file.getnchannels(), samples


def test_the_file_is_whole_after_each_write(tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01" / "call.wav"
    file = WavFile(path, 2, 8000)
    assert read(path) == (8000, 2, [])
    file.write(0, sound((1, 2), (3, 4)))
    assert read(path) == (8000, 2, [1, 2, 3, 4])
    file.write(3, sound((5, 6)))
    assert read(path) == (8000, 2, [1, 2, 3, 4, 0, 0, 5, 6])
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_file_that_is_there_goes_on_as_what_it_is(tmp_path: Path) -> None:
    first = WavFile(tmp_path / "call.wav", 2, 16000)
    first.write(0, sound((1, 0), (3, 0)))
    second = WavFile(tmp_path / "call.wav", 1, 8000)
    assert (second.channels, second.rate_hz, second.frames) == (2, 16000, 2)
    with second.alone():
        there = second.read(1, 2)
        there[:, 1] = (7, 8)
        second.write(1, there)
    assert read(tmp_path / "call.wav") == (16000, 2, [1, 0, 3, 7, 0, 8])


def test_an_end_cuts_and_fills_up(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "call.wav", 1, 8000)
    file.write(0, sound((1,), (2,), (3,)))
    file.end_at(2)
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2])
    file.end_at(4)
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2, 0, 0])
    file.close()


def test_a_disk_that_fails_leaves_what_was_there_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WavFile(tmp_path / "call.wav", 1, 8000)
    file.write(0, sound((1,), (2,)))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            file.write(2, sound((3,)))
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2])
    file.write(3, sound((4,)))
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2, 0, 4])
