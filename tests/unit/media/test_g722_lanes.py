"""G.722 of many streams at once is what libg722 makes of each."""

from __future__ import annotations

import random

import numpy as np
import pytest

from softswitch.media.loops.found import find_loops
from softswitch.media.worker.mixing.g722_lanes import LaneG722
from softswitch_codecs.base import Samples
from softswitch_codecs.g722 import G722
from tests.unit.media.rig import LOOPS


def sound(chance: np.random.Generator, count: int, samples: int) -> Samples:
    """Return noise, tones, silence, and what is as loud as can be."""
    made = chance.normal(0, 1, (count, samples)) * chance.choice((0, 30, 3000, 40000), (count, 1))
    made += 9000 * np.sin(chance.random((count, 1)) * np.arange(samples)) * chance.integers(0, 2, (count, 1))
    loud: Samples = np.clip(made, -32768, 32767).astype(np.int16)
    return loud


def test_as_plain_python_it_codes_as_libg722_does() -> None:
    chance, ours, theirs = np.random.default_rng(1), LaneG722(LOOPS), G722()
    for octets in (11, 4, 8, 5):
        said = sound(chance, 2, 2 * octets)
        coded = ours.encode(said)
        assert np.array_equal(coded, theirs.encode(said))
        coded[1] = chance.integers(0, 256, octets)
        assert np.array_equal(ours.decode(coded), theirs.decode(coded))


@pytest.mark.skipif(find_loops().loops is None, reason=f"no compiled loops: {find_loops().why_not}")
@pytest.mark.parametrize("seed", range(4))
def test_compiled_it_codes_as_libg722_does_whoever_comes_and_goes(seed: int) -> None:
    loops = find_loops().loops
    assert loops is not None
    chance, rolled = np.random.default_rng(seed), random.Random(seed)
    ours, theirs = LaneG722(loops), G722()
    for _ in range(60):
        streams = np.array(rolled.sample(range(600), rolled.choice((1, 15, 16, 17, 300))))
        octets = rolled.choice((80, 160, 160, 160, 7))
        said = sound(chance, len(streams), 2 * octets)
        coded = theirs.encode(said, streams)
        assert np.array_equal(ours.encode(said, streams), coded)
        coded = coded.copy()
        coded[::5] = chance.integers(0, 256, coded[::5].shape)
        assert np.array_equal(ours.decode(coded, streams), theirs.decode(coded, streams))
        for codec in (ours, theirs):
            codec.forget(streams[::3].tolist())
        assert len(ours) == len(theirs)


def test_sound_as_a_mixer_sums_it_is_rounded_and_an_odd_sample_left_out() -> None:
    ours, theirs = LaneG722(LOOPS), G722()
    said = np.array([[100.4, -7.6, 40000.0, 3.0, 9.0]], np.float32)
    assert np.array_equal(ours.encode(said), theirs.encode(said))
