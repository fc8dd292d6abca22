"""G.711 against a scalar reference that follows the tables of the Recommendation line by line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np
import pytest

from softswitch_codecs.base import BatchCodec
from softswitch_codecs.g711 import Pcma, Pcmu

Step = tuple[int, int, int]
"""Lower decision value, quantised value, code of the positive side."""


def mu_law_steps() -> list[Step]:
    """Table 2a from the middle outward, in units of 14 bits.

    The first step reaches from 0 to 1, then come 15 steps of 2, and 16 each of 4, 8, 16, 32, 64, 128 and 256. A
    quantised value lies in the middle of its step, the first one on 0. Codes count down from 1111 1111.
    """
    steps = [(0, 0, 0xFF)]
    lower = 1
    widths = [2] * 15 + [width for width in (4, 8, 16, 32, 64, 128, 256) for _ in range(16)]
    for place, width in enumerate(widths, 1):
        steps.append((lower, lower + width // 2, 0xFF - place))
        lower += width
    assert lower == 8159  # the virtual decision value x129
    return steps


def a_law_steps() -> list[Step]:
    """Table 1a, in units of 13 bits: 32 steps of 2, and 16 each of 4, 8, 16, 32, 64 and 128.

    Codes count up from 1000 0000, every other bit inverted.
    """
    steps = []
    lower = 0
    widths = [2] * 32 + [width for width in (4, 8, 16, 32, 64, 128) for _ in range(16)]
    for place, width in enumerate(widths):
        steps.append((lower, lower + width // 2, (0x80 | place) ^ 0x55))
        lower += width
    assert lower == 4096
    return steps


MU_STEPS, A_STEPS = mu_law_steps(), a_law_steps()


def code_of(steps: list[Step], magnitude: int, *, negative: bool) -> int:
    """Return the code of the step that a magnitude lies in; what lies above all steps is in the last."""
    code = steps[bisect_right([lower for lower, _, _ in steps], magnitude) - 1][2]
    return code & 0x7F if negative else code


def mu_law_code(sample: int) -> int:
    value = sample >> 2
    return code_of(MU_STEPS, abs(value), negative=value < 0)


def a_law_code(sample: int) -> int:
    value = sample >> 3  # the middle of A-law lies between -1 and 0, so both are in the first step of their side
    return code_of(A_STEPS, value if value >= 0 else -value - 1, negative=value < 0)


def mu_law_sample(code: int) -> int:
    value = next(value for _, value, positive in MU_STEPS if positive == code | 0x80)
    return 4 * value if code & 0x80 else -4 * value


def a_law_sample(code: int) -> int:
    value = next(value for _, value, positive in A_STEPS if positive == code | 0x80)
    return 8 * value if code & 0x80 else -8 * value


@pytest.mark.parametrize(("codec", "sample_of"), [(Pcmu(), mu_law_sample), (Pcma(), a_law_sample)])
def test_each_of_the_256_codes_decodes_to_its_quantised_value(
    codec: BatchCodec, sample_of: Callable[[int], int]
) -> None:
    decoded = codec.decode(np.arange(256, dtype=np.uint8)[np.newaxis])
    assert decoded[0].tolist() == [sample_of(code) for code in range(256)]


@pytest.mark.parametrize(("codec", "law"), [(Pcmu(), mu_law_code), (Pcma(), a_law_code)])
def test_each_of_the_65536_samples_encodes_to_the_code_of_its_step(
    codec: BatchCodec, law: Callable[[int], int]
) -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    encoded = codec.encode(samples[np.newaxis])
    assert encoded[0].tolist() == [law(sample) for sample in range(-32768, 32768)]


@pytest.mark.parametrize("codec", [Pcmu(), Pcma()])
def test_a_decoded_code_encodes_to_itself(codec: BatchCodec) -> None:
    codes = np.arange(256, dtype=np.uint8)[np.newaxis]
    again = codec.encode(codec.decode(codes))
    negative_zero = 0x7F if codec.encoding == "PCMU" else None  # it decodes to 0, which is positive
    assert [int(code) for code in codes[codes != again]] == ([negative_zero] if negative_zero else [])


@pytest.mark.parametrize("codec", [Pcmu(), Pcma()])
@pytest.mark.parametrize("shape", [(0, 160), (1, 0), (1, 160), (192, 80), (193, 160), (500, 240)])
def test_a_batch_of_any_size_is_the_same_as_its_rows(codec: BatchCodec, shape: tuple[int, int]) -> None:
    payload = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    samples = codec.decode(payload)
    assert samples.dtype == np.int16
    assert samples.shape == shape
    encoded = codec.encode(samples)
    assert encoded.dtype == np.uint8
    assert encoded.shape == shape
    for row in range(0, shape[0], 97):
        assert np.array_equal(samples[row], codec.decode(payload[row : row + 1])[0])
        assert np.array_equal(encoded[row], codec.encode(samples[row : row + 1])[0])


def test_samples_need_not_lie_side_by_side() -> None:
    wide = np.random.default_rng(2).integers(-32768, 32768, (4, 320), np.int16)
    for codec in (Pcmu(), Pcma()):
        assert np.array_equal(codec.encode(wide[:, ::2]), codec.encode(wide[:, ::2].copy()))


def test_clock_and_sample_rate_are_both_8000() -> None:
    for codec in (Pcmu, Pcma):
        assert (codec.clock_rate_hz, codec.sample_rate_hz) == (8000, 8000)


@pytest.mark.parametrize("codec", [Pcmu(), Pcma()])
def test_a_mixer_s_sums_are_rounded_and_clipped(codec: BatchCodec) -> None:
    sums = np.array([[-70000.0, -32768.4, -0.4, 0.6, 1000.4, 32767.6, 90000.0]], np.float32)
    nearest = np.array([[-32768, -32768, 0, 1, 1000, 32767, 32767]], np.int16)
    assert np.array_equal(codec.encode(sums), codec.encode(nearest))
