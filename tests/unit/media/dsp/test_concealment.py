"""Loss concealment: repeat by the pitch, fade, come back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.dsp.concealment import Concealer


def voice(rate_hz: int, seconds: float, pitch_hz: float = 125.0) -> np.ndarray:
    """A steady vowel: harmonics of a pitch under two formants."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    harmonics = np.arange(1, int(3400 / pitch_hz) + 1)
    strength = np.exp(-(((harmonics * pitch_hz - 600) / 400) ** 2)) + 0.3 * np.exp(
        -(((harmonics * pitch_hz - 1800) / 500) ** 2)
    )
    sound = (strength * np.cos(2 * np.pi * pitch_hz * np.outer(time_s, harmonics) + harmonics**2)).sum(axis=1)
    made: np.ndarray = np.rint(9000 * sound / np.abs(sound).max()).astype(np.int16)
    return made


def play(concealer: Concealer, sound: np.ndarray, lost: set[int], size: int) -> np.ndarray:
    """Play frames of one stream; lost ones carry rubbish, which must not be heard."""
    frames = []
    for number, at in enumerate(range(0, len(sound), size)):
        frame = np.full((1, size), 31000, np.int16) if number in lost else sound[np.newaxis, at : at + size]
        frames.append(concealer.play(frame, np.array([number in lost]))[0])
    return np.concatenate(frames)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize("pitch_hz", [80.0, 125.0, 210.0])
def test_a_vowel_goes_on_through_a_lost_frame(rate_hz: int, pitch_hz: float) -> None:
    size = rate_hz // 50
    sound = voice(rate_hz, 0.2, pitch_hz)
    heard = play(Concealer(rate_hz), sound, {5}, size).astype(np.float64)
    gap, first_half = slice(5 * size, 6 * size), slice(5 * size, 5 * size + size // 2)
    wanted = sound.astype(np.float64)
    assert np.corrcoef(heard[gap], wanted[gap])[0, 1] > 0.8
    error = np.mean((heard - wanted)[first_half] ** 2) / np.mean(wanted[first_half] ** 2)
    assert error < 0.15  # silence would be 1
    assert np.array_equal(heard[: 5 * size], wanted[: 5 * size])
    assert np.array_equal(heard[7 * size :], wanted[7 * size :])


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_no_click_where_a_gap_begins_or_ends(rate_hz: int) -> None:
    size = rate_hz // 50
    sound = voice(rate_hz, 0.3)
    heard = play(Concealer(rate_hz), sound, {4, 9, 10}, size).astype(np.int64)
    assert np.abs(np.diff(heard)).max() <= 1.3 * np.abs(np.diff(sound.astype(np.int64))).max()


def test_a_long_gap_fades_to_silence_within_60_ms_and_stays_silent() -> None:
    sound = voice(8000, 0.4)
    heard = play(Concealer(8000), sound, set(range(5, 15)), 160)
    loudness = np.abs(heard.reshape(-1, 80).astype(np.int64)).max(axis=1)[10:]  # each 10 ms of the gap
    assert loudness[0] > 8000
    assert all(later <= earlier for earlier, later in pairwise(loudness[:7]))
    assert not loudness[6:20].any()
    assert np.array_equal(heard[16 * 160 :], sound[16 * 160 :])


def test_a_gap_at_the_very_beginning_is_silence() -> None:
    assert not play(Concealer(8000), voice(8000, 0.06), {0, 1, 2}, 160).any()


def test_what_is_not_lost_is_passed_on_as_it_is() -> None:
    frames = np.random.default_rng(10).integers(-9000, 9000, (50, 160), np.int16)
    assert Concealer(8000).play(frames, np.zeros(50, np.bool_)) is frames


def test_a_forgotten_stream_has_nothing_to_repeat() -> None:
    concealer = Concealer(8000)
    play(concealer, voice(8000, 0.1), set(), 160)
    concealer.forget([0, 12])
    assert not play(concealer, voice(8000, 0.02), {0}, 160).any()


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=12),
    st.sampled_from([80, 160, 240, 480]),
    st.randoms(use_true_random=False),
)
def test_a_batch_in_any_order_is_the_same_as_each_stream_alone(
    losses: list[list[bool]], size: int, random: object
) -> None:
    rng = np.random.default_rng(len(losses))
    sound = rng.integers(-20000, 20000, (6, len(losses) * size), np.int16)
    together, alone = Concealer(8000), [Concealer(8000) for _ in range(6)]
    for number, lost in enumerate(losses):
        order = rng.permutation(6)
        frames, mask = sound[order, number * size : (number + 1) * size], np.array(lost)[order]
        heard = together.play(frames, mask, order)
        for place, stream in enumerate(order):
            single = alone[stream].play(frames[place : place + 1], mask[place : place + 1])
            assert np.array_equal(heard[place], single[0])
