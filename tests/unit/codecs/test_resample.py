"""Resampling: what passes, what does not, and that frames join without a seam."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from softswitch_codecs.resample import RATES_HZ, Resampler

AMPLITUDE = 10000
PAIRS = list(permutations(RATES_HZ, 2))


def tones(rate_hz: int, frequencies_hz: np.ndarray, seconds: float = 0.2) -> np.ndarray:
    """Return complex tones, one a row."""
    time_s = np.arange(int(rate_hz * seconds)) / rate_hz
    made: np.ndarray = AMPLITUDE * np.exp(2j * np.pi * frequencies_hz[:, np.newaxis] * time_s)
    return made


def resample_complex(resampler: Resampler, sound: np.ndarray) -> np.ndarray:
    rows = len(sound)
    out = resampler.resample(np.concatenate((sound.real, sound.imag)).astype(np.float32))
    settled = resampler.to_hz // 50
    return out[:rows, settled:] + 1j * out[rows:, settled:]


def decibels(amplitude: np.ndarray) -> np.ndarray:
    made: np.ndarray = 20 * np.log10(np.maximum(amplitude, 1e-6) / AMPLITUDE)
    return made


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_tones_of_the_pass_band_keep_their_loudness_and_bring_nothing_else(from_hz: int, to_hz: int) -> None:
    frequencies_hz = np.linspace(50, 0.425 * min(from_hz, to_hz), 40)
    heard = resample_complex(Resampler(from_hz, to_hz), tones(from_hz, frequencies_hz))
    time_s = np.arange(heard.shape[1]) / to_hz
    turning = np.exp(2j * np.pi * frequencies_hz[:, np.newaxis] * time_s)
    amplitude = np.mean(heard * turning.conj(), axis=1)
    assert np.abs(decibels(np.abs(amplitude))).max() < 0.1
    rest = np.sqrt(np.mean(np.abs(heard - amplitude[:, np.newaxis] * turning) ** 2, axis=1))
    assert decibels(rest).max() < -60  # images of the tone, where the rate rises


@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_tones_of_the_stop_band_are_60_db_down(from_hz: int, to_hz: int) -> None:
    frequencies_hz = np.linspace(0.575 * to_hz, from_hz / 2, 160)
    heard = resample_complex(Resampler(from_hz, to_hz), tones(from_hz, frequencies_hz))
    assert decibels(np.sqrt(np.mean(np.abs(heard) ** 2, axis=1))).max() < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("ptime_ms", [10, 30, 60])
def test_frames_join_without_a_seam(from_hz: int, to_hz: int, ptime_ms: int) -> None:
    sound = np.random.default_rng(5).integers(-9000, 9000, (3, from_hz * 120 // 1000), np.int16)
    whole = Resampler(from_hz, to_hz).resample(sound)
    framed, size = Resampler(from_hz, to_hz), from_hz * ptime_ms // 1000
    frames = [framed.resample(sound[:, at : at + size]) for at in range(0, sound.shape[1], size)]
    assert whole.shape == (3, to_hz * 120 // 1000)
    np.testing.assert_allclose(np.concatenate(frames, axis=1), whole, atol=0.05)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_sound_is_late_by_what_is_said(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    pulse = np.zeros((1, from_hz // 50), np.int16)
    pulse[0, from_hz // 100] = 20000
    heard = resampler.resample(pulse)
    assert abs(np.argmax(np.abs(heard[0])) - (0.01 + resampler.delay_s) * to_hz) <= 0.5


def test_streams_that_come_and_go_hear_what_each_alone_would_hear() -> None:
    sound = np.random.default_rng(6).integers(-9000, 9000, (200, 640), np.int16)
    alone = Resampler(16000, 8000).resample(sound)
    together = Resampler(16000, 8000)
    order = np.random.default_rng(7).permutation(200)
    early, late = order[:150], order[50:]
    first = together.resample(sound[early, :320], early)
    np.testing.assert_allclose(first, alone[early, :160], atol=0.05)
    together.resample(sound[late[100:], :320], late[100:])
    second = together.resample(sound[late, 320:], late)
    np.testing.assert_allclose(second, alone[late, 160:], atol=0.05)


def test_a_forgotten_stream_begins_out_of_silence() -> None:
    resampler = Resampler(8000, 48000)
    loud = np.full((2, 80), 20000, np.int16)
    first = resampler.resample(loud)
    resampler.forget([1, 99])
    again = resampler.resample(loud)
    np.testing.assert_allclose(again[1], first[1], atol=0.05)
    assert np.abs(again[0] - 20000).max() < 200


def test_no_streams_give_no_rows() -> None:
    assert Resampler(8000, 16000).resample(np.empty((0, 160), np.int16)).shape == (0, 320)


@pytest.mark.parametrize("rates", [(8000, 44100), (11025, 8000), (8000, 8000)])
def test_other_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=str(rates[0])):
        Resampler(*rates)


def test_a_frame_that_is_no_whole_number_of_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="161 samples at 48000 Hz"):
        Resampler(48000, 8000).resample(np.zeros((1, 161), np.int16))
