"""From any rate to any other, in pieces."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.core.errors import MediaError
from softswitch.media.dsp.any_rate import AnyRate

PAIRS = [(44100, 8000), (44100, 16000), (22050, 8000), (11025, 16000), (32000, 48000), (48000, 8000), (8000, 16000)]


def tone(rate_hz: int, frequency_hz: float, seconds: float = 0.2) -> np.ndarray:
    made: np.ndarray = np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz)
    return made.astype(np.float32)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_a_tone_of_the_pass_band_comes_out_as_it_went_in_and_no_later(from_hz: int, to_hz: int) -> None:
    for part in (0.05, 0.2, 0.425):
        frequency_hz = part * min(from_hz, to_hz)
        heard = AnyRate(from_hz, to_hz).resample(tone(from_hz, frequency_hz), last=True)
        wanted = tone(to_hz, frequency_hz)
        assert abs(len(heard) - len(wanted)) <= 1
        settled = slice(to_hz // 50, len(wanted) - to_hz // 50)
        error = heard[settled] - wanted[settled]
        assert 10 * np.log10(2 * np.mean(error**2)) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in PAIRS if pair[0] > pair[1]])
def test_tones_of_the_stop_band_are_60_db_down(from_hz: int, to_hz: int) -> None:
    for frequency_hz in np.linspace(0.575 * to_hz, from_hz / 2 - 10, 12):
        heard = AnyRate(from_hz, to_hz).resample(tone(from_hz, frequency_hz), last=True)[to_hz // 50 : -to_hz // 50]
        assert 10 * np.log10(2 * np.mean(heard**2) + 1e-12) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("piece", [1, 7, 441, 5000])
def test_pieces_of_any_length_join_without_a_seam(from_hz: int, to_hz: int, piece: int) -> None:
    sound = np.random.default_rng(13).standard_normal(1999).astype(np.float32)
    whole = AnyRate(from_hz, to_hz).resample(sound, last=True)
    resampler = AnyRate(from_hz, to_hz)
    pieces = [resampler.resample(sound[at : at + piece]) for at in range(0, len(sound), piece)]
    pieces.append(resampler.resample(sound[:0], last=True))
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)
    assert len(whole) == -(-len(sound) * to_hz // from_hz)


def test_the_same_rate_changes_nothing() -> None:
    sound = tone(8000, 440)
    assert AnyRate(8000, 8000).resample(sound, last=True) is sound


def test_rates_without_a_common_measure_are_refused() -> None:
    with pytest.raises(MediaError, match="191999 Hz"):
        AnyRate(191999, 8000)
