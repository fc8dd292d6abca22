from __future__ import annotations

import errno
import os
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.media.recorder.wav import Piece, WavFile


def piece(place: int, channel: int, *samples: int) -> Piece:
    return place, channel, np.array(samples, np.int16)


def read(path: Path) -> tuple[int, int, list[int]]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").tolist()
        return file.getframerate(), file.getnchannels(), samples


def test_the_file_is_whole_after_each_write(tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01" / "call.wav"
    file = WavFile(path, 2, 8000)
    assert read(path) == (8000, 2, [])
    file.put([piece(0, 0, 1, 3), piece(0, 1, 2, 4)])
    assert read(path) == (8000, 2, [1, 2, 3, 4])
    first, sound = file.put([piece(3, 0, 5), piece(1, 1, 7, 8)])
    assert (first, sound.tolist()) == (1, [[3, 7], [0, 8], [5, 0]])
    assert read(path) == (8000, 2, [1, 2, 3, 7, 0, 8, 5, 0])
    file.put([piece(-2, 0, 9, 9, 6)])
    assert read(path) == (8000, 2, [6, 2, 3, 7, 0, 8, 5, 0])
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_file_that_is_there_goes_on_as_what_it_is(tmp_path: Path) -> None:
    first = WavFile(tmp_path / "call.wav", 2, 16000)
    first.put([piece(0, 0, 1, 3)])
    second = WavFile(tmp_path / "call.wav", 1, 8000)
    assert (second.channels, second.rate_hz, second.frames) == (2, 16000, 2)
    second.put([piece(1, 1, 7, 8)])
    assert read(tmp_path / "call.wav") == (16000, 2, [1, 0, 3, 7, 0, 8])


def test_an_end_cuts_and_fills_up(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "call.wav", 1, 8000)
    file.put([piece(0, 0, 1, 2, 3)])
    file.end_at(2)
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2])
    file.reach(1)
    file.reach(4)
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2, 0, 0])
    file.close()


def test_a_disk_that_fails_leaves_what_was_there_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WavFile(tmp_path / "call.wav", 1, 8000)
    file.put([piece(0, 0, 1, 2)])

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            file.put([piece(2, 0, 3)])
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2])
    file.put([piece(3, 0, 4)])
    assert read(tmp_path / "call.wav") == (8000, 1, [1, 2, 0, 4])
