"""Tones of RU, EU and US: frequencies, cadences, levels."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from softswitch.core.errors import MediaError
from softswitch.media.dsp.tones import key_frequencies_hz, render, render_keys, tone, two_tones

FULL_SCALE_SINE_DBM0 = 3.14
CADENCES = [
    ("RU", "dial", (425,), (1000,)),
    ("RU", "ringback", (425,), (800, 3200)),
    ("RU", "busy", (425,), (400, 400)),
    ("RU", "congestion", (425,), (200, 200)),
    ("EU", "dial", (425,), (1000,)),
    ("EU", "ringback", (425,), (1000, 4000)),
    ("EU", "busy", (425,), (500, 500)),
    ("EU", "congestion", (425,), (250, 250)),
    ("US", "dial", (350, 440), (1000,)),
    ("US", "ringback", (440, 480), (2000, 4000)),
    ("US", "busy", (480, 620), (500, 500)),
    ("US", "congestion", (480, 620), (250, 250)),
    ("RU", "beep", (1000,), (200,)),
]


def strong_lines_hz(sound: np.ndarray, rate_hz: int) -> set[int]:
    """The frequencies, to 10 Hz, whose lines are within 6 dB of the strongest."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    places = np.flatnonzero(
        (spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] >= spectrum[2:]) & (spectrum[1:-1] > 0.5 * spectrum.max())
    )
    return {round((place + 1) * rate_hz / len(sound) / 5) * 5 for place in places}


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize(("country", "name", "frequencies_hz", "cadence_ms"), CADENCES)
def test_a_tone_has_the_frequencies_cadence_and_level_of_its_country(
    rate_hz: int, country: str, name: str, frequencies_hz: tuple[int, ...], cadence_ms: tuple[int, ...]
) -> None:
    sound = render(tone(country, name), rate_hz)
    by_ms = np.abs(sound.astype(np.int64)).reshape(-1, rate_hz // 1000).max(axis=1)
    loud_until = cadence_ms[0]
    assert len(by_ms) == sum(cadence_ms)
    assert not by_ms[loud_until:].any()
    sounding = sound[: loud_until * rate_hz // 1000].astype(np.float64)
    assert np.abs(sounding[-rate_hz // 500 :]).max() > 1000  # to the very end
    assert strong_lines_hz(sounding[: rate_hz // 5], rate_hz) == set(frequencies_hz)
    level_dbm0 = FULL_SCALE_SINE_DBM0 + 10 * np.log10(2 * np.mean(sounding**2) / 32768**2)
    assert level_dbm0 == pytest.approx(-10, abs=0.2)


@pytest.mark.parametrize(("country", "name"), [(row[0], row[1]) for row in CADENCES if row[1] == "dial"])
def test_a_steady_tone_has_no_seam_where_it_begins_again(country: str, name: str) -> None:
    sound = render(tone(country, name), 8000).astype(np.int64)
    twice = np.concatenate((sound, sound))
    steps = np.abs(np.diff(twice, 2))
    assert steps[len(sound) - 3 : len(sound) + 3].max() <= steps[: len(sound) - 3].max()


def test_a_beep_is_played_once_and_the_others_again_and_again() -> None:
    assert not tone("US", "beep").again
    assert tone("us", "busy").again


def test_an_unknown_country_or_tone_is_refused_with_a_list_of_those_there_are() -> None:
    with pytest.raises(MediaError, match="'FR'; there are RU, EU, US"):
        tone("FR", "busy")
    with pytest.raises(MediaError, match="'howler'; there are dial, ringback, busy, congestion, beep"):
        tone("RU", "howler")


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_each_key_sounds_with_its_two_frequencies_and_pauses(rate_hz: int) -> None:
    keypad = "123A456B789C*0#D"
    sound = render_keys(keypad, rate_hz, key_ms=60, pause_ms=40)
    for place, digit in enumerate(keypad):
        low_hz, high_hz = (697, 770, 852, 941)[place // 4], (1209, 1336, 1477, 1633)[place % 4]
        assert key_frequencies_hz(digit) == (low_hz, high_hz)
        key = sound[place * rate_hz // 10 :][: rate_hz * 60 // 1000].astype(np.float64)
        time_s = np.arange(len(key)) / rate_hz
        waves = np.exp(-2j * np.pi * np.outer((low_hz, high_hz), time_s))
        low, high = np.abs(waves @ key) / len(key)
        assert 20 * np.log10(high / low) == pytest.approx(2, abs=0.4)
        assert 2 * (low**2 + high**2) / np.mean(key**2) > 0.98
    gaps = [(loud, len(list(run))) for loud, run in groupby(np.abs(sound.reshape(-1, rate_hz // 1000)).max(axis=1) > 0)]
    assert gaps == [(True, 60), (False, 40)] * 16


def test_a_key_that_is_not_there_is_refused() -> None:
    for wrong in ("E", "", "12", "é"):
        with pytest.raises(MediaError, match="0-9"):
            key_frequencies_hz(wrong)


def test_the_test_signal_has_two_lines() -> None:
    assert strong_lines_hz(two_tones(8000, 200).astype(np.float64), 8000) == {500, 1900}
