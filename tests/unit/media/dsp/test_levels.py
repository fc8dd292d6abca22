"""Levels, voice against noise, and who of a room is heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from softswitch.media.dsp.levels import SILENCE_DBOV, Voice, VoiceDetector, measure_dbov, pick_speakers

FRAME = 160


def noise(dbov: float, frames: int, seed: int = 8) -> np.ndarray:
    sound = 32768 * 10 ** (dbov / 20) * np.random.default_rng(seed).standard_normal((frames, FRAME))
    made: np.ndarray = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return made


def speaking_in(detector: VoiceDetector, frames: np.ndarray) -> list[bool]:
    return [bool(detector.detect(frame[np.newaxis], 20).speaking[0]) for frame in frames]


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_square_wave_of_full_scale_is_0_dbov_and_a_sine_3_below(dtype: type) -> None:
    square = np.tile([-32768, 32767], FRAME // 2)
    sine = np.rint(32767 * np.sin(2 * np.pi * np.arange(FRAME) / 16))
    levels = measure_dbov(np.stack((square, sine, np.zeros(FRAME))).astype(dtype))
    np.testing.assert_allclose(levels, [0, -3.01, SILENCE_DBOV], atol=0.01)


@pytest.mark.parametrize("floor_dbov", [-75, -60, -50, -40])
def test_steady_noise_is_nobody_and_a_voice_over_it_is_somebody(floor_dbov: float) -> None:
    detector = VoiceDetector()
    assert not any(speaking_in(detector, noise(floor_dbov, 200))[20:])
    assert all(speaking_in(detector, noise(floor_dbov + 15 if floor_dbov > -65 else -45, 20, seed=9)))


def test_a_pause_between_words_ends_nothing_and_a_longer_one_ends_speech() -> None:
    detector = VoiceDetector()
    speaking_in(detector, noise(-65, 50))
    speaking_in(detector, noise(-25, 20))
    told = speaking_in(detector, noise(-65, 30))
    assert told == [True] * 9 + [False] * 21


def test_a_loud_steady_sound_stays_somebody() -> None:
    detector = VoiceDetector()
    assert all(speaking_in(detector, noise(-20, 1500)))


def test_streams_are_told_apart_and_forgotten_ones_begin_anew() -> None:
    detector = VoiceDetector()
    frames = np.stack((noise(-70, 1)[0], noise(-20, 1)[0]))
    assert detector.detect(frames, 20, np.array([7, 3])).speaking.tolist() == [False, True]
    detector.forget([3, 500])
    assert detector.detect(frames[:1], 20, np.array([3])).speaking.tolist() == [False]


def room(levels: list[float], speaking: list[bool]) -> Voice:
    return Voice(np.array([levels], np.float32), np.array([speaking]))


def test_those_who_speak_are_heard_and_the_loudest_where_they_are_too_many() -> None:
    nobody = np.zeros((1, 5), np.bool_)
    few = room([-20, -30, -5, -40, -10], [True, True, False, True, False])
    assert pick_speakers(few, nobody, 3).tolist() == [[True, True, False, True, False]]
    many = room([-20, -30, -5, -40, -10], [True] * 5)
    assert pick_speakers(many, nobody, 3).tolist() == [[True, False, True, False, True]]


def test_who_is_heard_stays_until_another_is_3_db_louder() -> None:
    heard = np.array([[True, False, False]])
    assert pick_speakers(room([-20, -18, -50], [True] * 3), heard, 1).tolist() == [[True, False, False]]
    assert pick_speakers(room([-20, -16, -50], [True] * 3), heard, 1).tolist() == [[False, True, False]]


@given(
    st.data(),
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    st.integers(1, 8),
)
def test_never_more_than_so_many_never_who_is_silent_never_one_while_a_louder_waits(
    data: st.DataObject, shape: tuple[int, int], most: int
) -> None:
    levels = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(-100, 0, width=32)))
    speaking = data.draw(hnp.arrays(np.bool_, shape))
    heard = data.draw(hnp.arrays(np.bool_, shape))
    chosen = pick_speakers(Voice(levels, speaking), heard, most)
    assert (chosen.sum(axis=1) == np.minimum(speaking.sum(axis=1), most)).all()
    assert not (chosen & ~speaking).any()
    for row in range(shape[0]):
        waiting = speaking[row] & ~chosen[row]
        if waiting.any() and chosen[row].any():
            assert levels[row][waiting].max() <= levels[row][chosen[row]].min() + 3.001
