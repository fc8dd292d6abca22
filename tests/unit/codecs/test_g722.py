"""G.722 against the decoder and encoder of another library: libspandsp, which comes with baresip."""

from __future__ import annotations

import ctypes
from ctypes.util import find_library

import numpy as np
import pytest

from softswitch_codecs import codec_class
from softswitch_codecs.g722 import G722


@pytest.fixture(scope="module")
def spandsp() -> ctypes.CDLL:
    name = find_library("spandsp")
    assert name, "libspandsp2 is missing; baresip-core brings it (make programs)"
    library = ctypes.CDLL(name)
    for function in (library.g722_decode_init, library.g722_encode_init):
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    for function in (library.g722_decode, library.g722_encode):
        function.restype, function.argtypes = ctypes.c_int, [ctypes.c_void_p] * 3 + [ctypes.c_int]
    return library


def decode_elsewhere(library: ctypes.CDLL, payload: np.ndarray) -> np.ndarray:
    samples = np.zeros(2 * payload.size, np.int16)
    state = library.g722_decode_init(None, 64000, 0)
    count = library.g722_decode(state, samples.ctypes.data, payload.ctypes.data, payload.size)
    library.g722_decode_free(ctypes.c_void_p(state))
    return samples[:count]


def encode_elsewhere(library: ctypes.CDLL, samples: np.ndarray) -> np.ndarray:
    payload = np.zeros(samples.size, np.uint8)
    state = library.g722_encode_init(None, 64000, 0)
    count = library.g722_encode(state, payload.ctypes.data, samples.ctypes.data, samples.size)
    library.g722_encode_free(ctypes.c_void_p(state))
    return payload[:count]


def sounds() -> np.ndarray:
    """Two tones, a sweep through the whole band, and noise that swells: a second of each."""
    time_s = np.arange(16000) / 16000
    tones = 9000 * np.sin(2 * np.pi * 440 * time_s) + 7000 * np.sin(2 * np.pi * 3100 * time_s)
    sweep = 12000 * np.sin(2 * np.pi * (100 * time_s + 3700 * time_s**2))
    noise = 9000 * time_s * np.random.default_rng(4).standard_normal(16000)
    made: np.ndarray = np.clip(np.stack((tones, sweep, noise)), -32768, 32767).astype(np.int16)
    return made


def test_what_we_encode_another_decoder_hears_as_ours_does(spandsp: ctypes.CDLL) -> None:
    codec = G722()
    payload = codec.encode(sounds())
    ours = codec.decode(payload)
    for row in range(len(payload)):
        assert np.array_equal(decode_elsewhere(spandsp, payload[row].copy()), ours[row])


def test_what_another_encoder_makes_is_what_ours_makes(spandsp: ctypes.CDLL) -> None:
    ours = G722().encode(sounds())
    for row, sound in enumerate(sounds()):
        assert np.array_equal(encode_elsewhere(spandsp, sound.copy()), ours[row])


def test_the_rtp_clock_is_half_of_the_sample_rate() -> None:
    assert codec_class("g722", 8000) is G722
    assert codec_class("G722", 16000) is None
    assert (G722.clock_rate_hz, G722.sample_rate_hz, G722.has_memory) == (8000, 16000, True)


def test_forgotten_streams_leave_nothing_behind() -> None:
    codec = G722()
    codec.decode(codec.encode(np.zeros((3, 320), np.int16)))
    assert len(codec) == 3
    codec.forget(range(3))
    assert len(codec) == 0
