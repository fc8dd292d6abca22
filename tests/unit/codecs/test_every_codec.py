"""What holds for all codecs: shapes, streams that come and go, and that sound stays sound."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch_codecs import BatchCodec, codecs, frame_octets, frame_samples

LARGEST_ERROR_DB = {"PCMU": -36, "PCMA": -36, "G722": -18, "L16": -78}
"""Noise against a signal of two tones; G.722 besides delays by 22 samples, which the test takes out."""
DELAY_SAMPLES = {"G722": 22}


@pytest.fixture(params=codecs(), ids=lambda cls: f"{cls.encoding}-{cls.clock_rate_hz}")
def cls(request: pytest.FixtureRequest) -> type[BatchCodec]:
    made: type[BatchCodec] = request.param
    return made


def two_tones(cls: type[BatchCodec], seconds: float, rows: int) -> np.ndarray:
    time_s = np.arange(int(seconds * cls.sample_rate_hz)) / cls.sample_rate_hz
    first, second = 400 + 30 * np.arange(rows)[:, np.newaxis], 1850 + 70 * np.arange(rows)[:, np.newaxis]
    sound = 6000 * np.sin(2 * np.pi * first * time_s) + 5000 * np.sin(2 * np.pi * second * time_s)
    made: np.ndarray = np.rint(sound).astype(np.int16)
    return made


def in_frames(codec: BatchCodec, sound: np.ndarray, ptime_ms: int) -> np.ndarray:
    """Encode and decode frame by frame."""
    size = frame_samples(type(codec), ptime_ms)
    frames = [codec.decode(codec.encode(sound[:, at : at + size])) for at in range(0, sound.shape[1], size)]
    return np.concatenate(frames, axis=1)


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_two_tones_pass_in_frames_of_any_length(cls: type[BatchCodec], ptime_ms: int) -> None:
    sound = two_tones(cls, 0.24, rows=3)
    heard = in_frames(cls(), sound, ptime_ms)
    assert heard.dtype == np.int16
    assert heard.shape == sound.shape
    delay = DELAY_SAMPLES.get(cls.encoding, 0)
    settled = slice(cls.sample_rate_hz // 50, sound.shape[1] - delay)
    wanted = sound[:, settled].astype(np.float64)
    noise = heard[:, settled.start + delay : settled.stop + delay] - wanted
    error_db = 10 * np.log10((np.mean(noise**2, axis=1) + 1e-9) / np.mean(wanted**2, axis=1))
    assert (error_db < LARGEST_ERROR_DB[cls.encoding]).all()


def test_the_length_of_frames_makes_no_difference(cls: type[BatchCodec]) -> None:
    sound = two_tones(cls, 0.12, rows=2)
    assert np.array_equal(in_frames(cls(), sound, 10), in_frames(cls(), sound, 60))


def test_no_rows_give_no_rows(cls: type[BatchCodec]) -> None:
    octets, samples = frame_octets(cls, 20), frame_samples(cls, 20)
    assert cls().decode(np.empty((0, octets), np.uint8)).shape == (0, samples)
    assert cls().encode(np.empty((0, samples), np.int16)).shape == (0, octets)


def test_streams_that_come_and_go_hear_what_each_alone_would_hear(cls: type[BatchCodec]) -> None:
    sound = two_tones(cls, 0.16, rows=4)
    alone = np.concatenate([in_frames(cls(), sound[row : row + 1], 20) for row in range(4)])
    together, size = cls(), frame_samples(cls, 20)
    heard: dict[int, list[np.ndarray]] = {row: [] for row in range(4)}
    for frame in range(8):  # stream 3 comes late, stream 0 leaves early, and their order changes each time
        present = np.roll([row for row in range(4) if (row != 0 or frame < 5) and (row != 3 or frame >= 2)], frame)
        taken = {row: frame - 2 if row == 3 else frame for row in present.tolist()}
        batch = np.stack([sound[row, size * at : size * (at + 1)] for row, at in taken.items()])
        decoded = together.decode(together.encode(batch, present + 100), present + 100)
        for place, row in enumerate(taken):
            heard[row].append(decoded[place])
    for row, frames in heard.items():
        joined = np.concatenate(frames)
        assert np.array_equal(joined, alone[row, : len(joined)])


def test_a_forgotten_stream_begins_anew(cls: type[BatchCodec]) -> None:
    sound = two_tones(cls, 0.06, rows=1)
    codec = cls()
    first = in_frames(codec, sound, 20)
    codec.forget([0, 7])
    assert np.array_equal(in_frames(codec, sound, 20), first)


def test_any_octets_can_be_decoded(cls: type[BatchCodec]) -> None:
    payload = np.random.default_rng(3).integers(0, 256, (5, frame_octets(cls, 20)), np.uint8)
    assert cls().decode(payload).shape == (5, frame_samples(cls, 20))
