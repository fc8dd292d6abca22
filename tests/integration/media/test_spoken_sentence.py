"""A spoken sentence through every pair of codecs: what arrives has the spectrum of what was said, word for word."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from softswitch.media.engine import Format
from tests.integration.media.rig import PlaneRig
from tests.integration.media.talkers import G722, L16, PCMA, PCMU, Talker, everybody, talk

pytestmark = pytest.mark.network

SENTENCE = files("softswitch.speech") / "pack/en/the-expected-waiting-time-is.ogg"
MOST_DB = {"PCMU": 0.6, "PCMA": 0.6, "G722": 1.8, "L16": 0.4}
"""The mean distance of the logarithmic spectra, 300 to 3,400 Hz: from 1 dB nobody hears a difference, with 10 words
are hard to tell. Both codecs of a pair add to it."""

Sound = npt.NDArray[np.float64]


def spoken(rate_hz: int) -> Sound:
    """Return the sentence at one of our rates."""
    with SENTENCE.open("rb") as file:
        sound, rate = soundfile.read(file)
    count = round(len(sound) * rate_hz / rate)
    spectrum = np.fft.rfft(sound)
    wide = np.zeros(count // 2 + 1, complex)
    kept = min(len(spectrum), len(wide))
    wide[:kept] = spectrum[:kept]
    resampled: Sound = np.fft.irfft(wide, count)
    resampled *= 9000 / np.abs(resampled).max()
    return resampled


class Reader(Talker):
    """A phone that reads the sentence to its partner."""

    def __enter__(self) -> Reader:
        self._text, self._voice = spoken(self.codec.sample_rate_hz), self._codec(self.form)
        return self

    def packets(self) -> list[bytes]:
        count = self.codec.sample_rate_hz * self.ptime_ms // 1000
        frame, self._text = self._text[:count], self._text[count:]
        sound = np.pad(frame, (0, count - len(frame))).astype(np.float32)
        return [self.packet()[:12] + self._voice.encode(sound[np.newaxis])[0].tobytes()]


def spectra(sound: Sound, rate_hz: int) -> Sound:
    """Return the power of 32 ms pieces each 16 ms, in dB, in bands of 125 Hz from 300 to 3,400 Hz."""
    size = rate_hz * 32 // 1000
    starts = range(0, len(sound) - size, size // 2)
    pieces = np.stack([sound[start : start + size] for start in starts]) * np.hanning(size)
    power = np.abs(np.fft.rfft(pieces)) ** 2 / size**2
    bands = power[:, 10:106].reshape(len(power), -1, 4).sum(axis=2)
    decibels: Sound = 10 * np.log10(bands + 1e-3)
    return decibels


def distance_db(said: Sound, heard: Sound, rate_hz: int) -> float:
    """Return how far apart the spectra are, over all that was said loud enough, best aligned."""
    size = 1 << (len(heard) + len(said)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    begun = int(np.argmax(np.fft.irfft(product, size)[: len(heard)]))
    assert begun + len(said) <= len(heard), "the end is missing"
    one, other = spectra(said, rate_hz), spectra(heard[begun : begun + len(said)], rate_hz)
    loud = one > one.max() - 35
    return float(np.sqrt(np.mean((one - other)[loud] ** 2)))


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.permutations((PCMU, PCMA, G722, L16), 2)), ids=lambda form: form.encoding
)
def test_a_sentence_arrives_word_for_word(rig: PlaneRig, one: Format, other: Format) -> None:
    with Reader(rig, "c.1", one) as anna, Talker(rig, "c.2", other) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        rate_hz = boris.codec.sample_rate_hz
        said = spoken(rate_hz)
        talk(rig, (anna, boris), len(said) / rate_hz + 0.6)
        distance = distance_db(said, boris.sound(last_s=60), rate_hz)
        assert distance < MOST_DB[one.encoding] + MOST_DB[other.encoding]
