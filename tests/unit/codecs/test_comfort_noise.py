"""Comfort noise by RFC 3389."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch_codecs.comfort_noise import ComfortNoise, build_payloads, measure_levels, read_levels


def test_all_levels_pass_through_a_payload() -> None:
    levels = -np.arange(128)
    payload = build_payloads(levels)
    assert payload.shape == (128, 1)
    assert np.array_equal(read_levels(payload), levels)


def test_the_reserved_bit_and_the_spectrum_are_passed_over() -> None:
    assert read_levels(np.array([[0x80 | 40, 1, 2, 3]], np.uint8)).tolist() == [-40]


def test_levels_beyond_the_scale_become_the_nearest() -> None:
    assert read_levels(build_payloads(np.array([5, -300]))).tolist() == [0, -127]


def test_a_square_wave_of_full_scale_is_0_dbov_and_a_sine_3_below() -> None:
    square = np.tile(np.array([-32768, 32767], np.int16), 80)
    sine = np.rint(32767 * np.sin(2 * np.pi * np.arange(160) / 8)).astype(np.int16)
    silence = np.zeros(160, np.int16)
    assert measure_levels(np.stack((square, sine, silence))).tolist() == [0, -3, -127]


@pytest.mark.parametrize("samples", [80, 160, 480])
def test_noise_has_the_level_that_was_asked_for(samples: int) -> None:
    levels = -np.arange(15, 71)
    noise = ComfortNoise()
    made = np.concatenate([noise.generate(levels, samples) for _ in range(4800 // samples)], axis=1)
    assert made.dtype == np.int16
    assert np.abs(measure_levels(made) - levels).max() <= 1


def test_no_two_streams_hear_the_same_noise_and_no_frame_repeats() -> None:
    noise = ComfortNoise()
    frames = [noise.generate(np.full(8, -30), 160) for _ in range(4)]
    rows = np.concatenate(frames)
    assert len({row.tobytes() for row in rows}) == len(rows)


def test_noise_is_white() -> None:
    made = ComfortNoise().generate(np.full(64, -30), 160).astype(np.float64)
    spectrum = np.mean(np.abs(np.fft.rfft(made, axis=1)) ** 2, axis=0)[1:-1]
    octaves = [spectrum[low : 2 * low].mean() for low in (5, 10, 20, 39)]
    assert 10 * np.log10(max(octaves) / min(octaves)) < 3


def test_the_quietest_noise_is_silence() -> None:
    assert not ComfortNoise().generate(np.array([-127]), 160).any()
