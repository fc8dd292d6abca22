"""Keys in the sound: the limits of ITU-T Q.24, losses, and that speech and music are no keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.dsp.concealment import Concealer
from softswitch.media.dsp.key_detector import KeyDetector
from softswitch.media.dsp.tones import key_frequencies_hz, render_keys
from softswitch_codecs.g711 import Pcma, Pcmu
from softswitch_codecs.g722 import G722
from softswitch_codecs.resample import Resampler

KEYPAD = "0123456789*#ABCD"
OFFSETS = range(0, 160, 13)
"""Where a key begins within a frame, in samples."""


def key(
    digit: str, ms: float, *, off: float = 0.0, off_hz: float = 0.0, high_db: float = 0.0, dbm0: float = -10.0
) -> np.ndarray:
    """A key whose low frequency is ``dbm0`` loud and whose high one ``high_db`` louder."""
    time_s = np.arange(int(8 * ms)) / 8000
    amplitude = 32768 * 10 ** ((dbm0 - 3.14) / 20)
    low_hz, high_hz = (frequency_hz * (1 + off) + off_hz for frequency_hz in key_frequencies_hz(digit))
    low, high = (np.sin(2 * np.pi * frequency_hz * time_s) for frequency_hz in (low_hz, high_hz))
    made: np.ndarray = amplitude * (low + 10 ** (high_db / 20) * high)
    return made


def pressed(*parts: np.ndarray, at: int = 0) -> np.ndarray:
    """The parts with silence around them, in whole frames of 60 ms (which are whole ones of 20 ms too)."""
    line = np.concatenate((np.zeros(800 + at), *parts, np.zeros(1600)))
    made: np.ndarray = line[: len(line) // 480 * 480].astype(np.float32)
    return made


def gap(ms: float) -> np.ndarray:
    return np.zeros(int(8 * ms))


def heard_in(sound: np.ndarray, *, ptime_ms: int = 20, lost: np.ndarray | None = None) -> str:
    detector, size = KeyDetector(), 8 * ptime_ms
    heard = []
    for number in range(len(sound) // size):
        missing = None if lost is None else lost[number : number + 1]
        heard += detector.listen(sound[np.newaxis, number * size : (number + 1) * size], missing)
    return "".join(event.digit for event in heard)


def heard_of_all(ms: float, **how: float) -> list[str]:
    """What is heard of each key at each offset; all of them in one batch."""
    lines = np.stack([pressed(key(digit, ms, **how), at=at)[:3840] for digit in KEYPAD for at in OFFSETS])
    detector = KeyDetector()
    heard = [""] * len(lines)
    for at in range(0, lines.shape[1], 160):
        for event in detector.listen(lines[:, at : at + 160]):
            heard[event.stream] += event.digit
    return heard


ONCE_EACH = [digit for digit in KEYPAD for _ in OFFSETS]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"off": 0.015, "off_hz": 2},
        {"off": -0.015, "off_hz": -2},
        {"high_db": 4},
        {"high_db": -8},
        {"high_db": 4, "off": 0.015, "off_hz": 2},
        {"high_db": -8, "off": -0.015, "off_hz": -2},
        {"dbm0": -25},
        {"dbm0": 0},
    ],
    ids=str,
)
def test_a_key_of_40_ms_within_the_limits_of_q24_is_heard_once(how: dict[str, float]) -> None:
    assert heard_of_all(40, **how) == ONCE_EACH


@pytest.mark.parametrize(
    ("ms", "how"),
    [
        (23, {}),
        (60, {"off": 0.035}),
        (60, {"off": -0.035}),
        (60, {"high_db": 9}),
        (60, {"high_db": -13}),
        (60, {"dbm0": -35}),
    ],
    ids=str,
)
def test_what_is_outside_the_limits_is_no_key(ms: float, how: dict[str, float]) -> None:
    assert heard_of_all(ms, **how) == [""] * len(ONCE_EACH)


@pytest.mark.parametrize("at", OFFSETS)
def test_a_pause_of_40_ms_divides_two_keys_and_an_interruption_of_20_ms_does_not(at: int) -> None:
    assert heard_in(pressed(key("5", 60), gap(40), key("5", 60), at=at)) == "55"
    assert heard_in(pressed(key("5", 60), gap(20), key("5", 60), at=at)) == "5"
    assert heard_in(pressed(key("5", 60), key("6", 60), at=at)) == "56"


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
def test_all_keys_are_heard_in_frames_of_any_length(ptime_ms: int) -> None:
    assert heard_in(pressed(render_keys(KEYPAD, 8000, key_ms=50, pause_ms=50)), ptime_ms=ptime_ms) == KEYPAD


@pytest.mark.parametrize("codec", [Pcmu(), Pcma()])
def test_all_keys_are_heard_through_g711_and_noise(codec: Pcmu | Pcma) -> None:
    sound = pressed(render_keys(KEYPAD, 8000, key_ms=50, pause_ms=50, change_db=-10))
    sound += 150 * np.random.default_rng(11).standard_normal(len(sound)).astype(np.float32)
    assert heard_in(codec.decode(codec.encode(sound[np.newaxis]))[0].astype(np.float32)) == KEYPAD


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.05])
def test_all_keys_are_heard_once_at_0_2_and_5_percent_loss(loss: float) -> None:
    sound = pressed(render_keys(KEYPAD * 4, 8000, key_ms=120, pause_ms=100))
    rng = np.random.default_rng(12)
    for _ in range(4):
        lost = rng.random(len(sound) // 160) < loss
        assert heard_in(sound, lost=lost) == KEYPAD * 4


@pytest.mark.parametrize("loss", [0.02, 0.05])
def test_all_keys_are_heard_through_g722_whose_decoder_has_to_find_itself_again_behind_each_loss(loss: float) -> None:
    """Half a thousand keys: none twice and none mistaken; of those whose sound is mostly lost a few may be missing."""
    chance, streams = np.random.default_rng(722), 32
    key_line = render_keys(KEYPAD, 16_000, key_ms=120, pause_ms=100)
    line = np.stack([np.pad(key_line, (800 + 10 * stream, 2800 - 10 * stream)) for stream in range(streams)])
    g722, down, hidden, detector = G722(), Resampler(16_000, 8000), Concealer(16_000), KeyDetector()
    heard = [""] * streams
    for at in range(0, line.shape[1] // 320 * 320, 320):
        coded, lost = g722.encode(line[:, at : at + 320]), chance.random(streams) < loss
        sound, there = np.zeros((streams, 320), np.int16), np.flatnonzero(~lost)
        sound[there] = g722.decode(coded[there], there)
        narrow = down.resample(hidden.play(sound, lost))
        for event in detector.listen(narrow, lost, remembering=np.ones(streams, np.bool_)):
            heard[event.stream] += event.digit
    for told in heard:
        rest = iter(KEYPAD)
        assert all(digit in rest for digit in told), told
    assert sum(map(len, heard)) >= (0.998 if loss < 0.03 else 0.99) * streams * len(KEYPAD), heard


def test_a_lost_frame_is_neither_a_key_nor_a_pause() -> None:
    sound = pressed(key("7", 200))
    for missing in range(4, 16):
        lost = np.zeros(len(sound) // 160, np.bool_)
        lost[missing : missing + 2] = True
        assert heard_in(sound, lost=lost) == "7"


def test_streams_are_told_apart_come_and_go_and_are_forgotten() -> None:
    sound = pressed(render_keys("58", 8000))
    detector = KeyDetector()
    heard = []
    for number, at in enumerate(range(0, len(sound), 160)):
        frame = sound[at : at + 160]
        heard += detector.listen(np.stack((frame, frame * 0, frame)), None, np.array([9, 4, 200]))
        if number == 7:  # in the middle of the first key
            detector.forget([200, 5000])
    assert [(event.stream, event.digit) for event in heard] == [(9, "5"), (200, "5"), (200, "5"), (9, "8"), (200, "8")]


def vowels(seed: int, seconds: float) -> np.ndarray:
    """Something like speech: a gliding pitch, its harmonics under three moving formants, and pauses."""
    rng = np.random.default_rng(seed)
    count = int(8000 * seconds)
    time_s = np.arange(count) / 8000
    knots = np.arange(0, seconds + 0.2, 0.12)

    def moving(low: float, high: float) -> np.ndarray:
        made: np.ndarray = np.interp(time_s, knots, rng.uniform(low, high, len(knots)))
        return made

    pitch_hz = moving(85, 290)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / 8000
    formants = [(moving(250, 900), 90), (moving(800, 2400), 120), (moving(2000, 3300), 200)]
    sound = np.zeros(count)
    for harmonic in range(1, 30):
        frequency_hz = harmonic * pitch_hz
        strength = sum(1 / (1 + ((frequency_hz - centre_hz) / width_hz) ** 2) for centre_hz, width_hz in formants)
        sound += strength * (frequency_hz < 3600) * np.cos(harmonic * phase)
    sound *= np.interp(time_s, knots, rng.choice([0.0, 0.6, 1.0], len(knots)))
    made: np.ndarray = (9000 * sound / np.abs(sound).max()).astype(np.float32)
    return made


def test_twenty_minutes_of_what_sounds_like_speech_are_no_key() -> None:
    """120 voices of 10 s in one batch: each alone, with another behind it, and backwards."""
    voices = np.stack([vowels(seed, 10.0) for seed in range(40)])
    voices = np.concatenate((voices, 0.3 * voices[::-1] + 0.7 * np.roll(voices, 7, axis=0), voices[:, ::-1]))
    detector = KeyDetector()
    frames = range(0, voices.shape[1] // 160 * 160, 160)
    assert [event for at in frames for event in detector.listen(voices[:, at : at + 160])] == []


def test_speech_whose_packets_get_lost_on_their_way_to_a_decoder_that_remembers_is_no_key() -> None:
    voices, chance = np.stack([vowels(seed, 10.0) for seed in range(100, 120)]), np.random.default_rng(5)
    detector, all_of_them = KeyDetector(), np.ones(len(voices), np.bool_)
    frames = range(0, voices.shape[1] // 160 * 160, 160)
    told = [
        event
        for at in frames
        for event in detector.listen(
            voices[:, at : at + 160], chance.random(len(voices)) < 0.05, remembering=all_of_them
        )
    ]
    assert told == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(36, 96), min_size=3, max_size=6, unique=True), st.floats(0.2, 1.0), st.integers(1, 4)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_chords_are_no_keys(chords: list[tuple[list[int], float, int]]) -> None:
    parts = []
    for notes, loudness, length in chords:
        time_s = np.arange(800 * length) / 8000
        tones = [np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time_s) for note in notes]
        overtones = [0.4 * np.sin(4 * np.pi * 440 * 2 ** ((note - 69) / 12) * time_s) for note in notes]
        parts.append(9000 * loudness / len(notes) * (np.sum(tones, axis=0) + np.sum(overtones, axis=0)))
    assert heard_in(pressed(*parts)) == ""
