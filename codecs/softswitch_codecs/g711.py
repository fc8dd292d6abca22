"""G.711, mu-law and A-law, by lookup tables that are computed from the Recommendation's segments.

Both laws cut the range of magnitudes into eight segments of sixteen equal steps, each segment twice as wide as the one
below it. The tables of the Recommendation (1a to 2b) hold decision values, between which a step lies, and one quantised
value for each step, its middle. Samples of 16 bits lose their lowest bits first: mu-law's
tables are made for 14 bits, A-law's for 13.

Source: ITU-T G.711 tables 1a, 1b, 2a, 2b; RFC 3551 §4.5.14.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from softswitch_codecs.base import Octets, Samples, Sound, Streams, WithoutMemory, to_int16
from softswitch_codecs.registry import codec

_ALL_SAMPLES: Final = np.arange(-32768, 32768)
_ALL_CODES: Final = np.arange(256)
_MU_BIAS: Final = 33
_MU_LARGEST: Final = 8158
_SAMPLES_AT_ONCE: Final = 192 * 160
"""Looked up together: numpy widens indices to eight octets, and so many still fit into the cache."""


def _mu_decode_table() -> npt.NDArray[np.int16]:
    """Quantised values of table 2, times 4 to fill 16 bits: within +-32124."""
    code = ~_ALL_CODES & 0xFF  # all bits are inverted on the line
    segment, step = code >> 4 & 7, code & 15
    magnitude = ((2 * step + _MU_BIAS) << segment) - _MU_BIAS
    return (4 * np.where(code & 0x80, -magnitude, magnitude)).astype(np.int16)


def _mu_encode_table() -> npt.NDArray[np.uint8]:
    """Codes by sample as uint16: the sample's sign, and the step that its magnitude of 13 bits lies in."""
    value = _ALL_SAMPLES >> 2
    biased = np.minimum(np.abs(value), _MU_LARGEST) + _MU_BIAS
    segment = np.log2(biased).astype(np.int64) - 5
    step = biased >> (segment + 1) & 15
    code = ~(np.where(value < 0, 0x80, 0) | segment << 4 | step) & 0xFF
    return _by_unsigned(code)


def _a_decode_table() -> npt.NDArray[np.int16]:
    """Quantised values of table 1, times 8 to fill 16 bits: within +-32256."""
    code = _ALL_CODES ^ 0x55  # even bits are inverted on the line
    segment, step = code >> 4 & 7, code & 15
    linear = 2 * step + 1
    magnitude = np.where(segment == 0, linear, (linear + 32) << np.maximum(segment - 1, 0))
    return (8 * np.where(code & 0x80, magnitude, -magnitude)).astype(np.int16)


def _a_encode_table() -> npt.NDArray[np.uint8]:
    """Codes by sample as uint16. A-law has no zero: -1 lies as far below the middle as 0 lies above."""
    value = _ALL_SAMPLES >> 3
    magnitude = np.where(value < 0, ~value, value)
    segment = np.maximum(np.log2(np.maximum(magnitude, 1)).astype(np.int64) - 4, 0)
    step = magnitude >> np.maximum(segment, 1) & 15
    code = (np.where(value < 0, 0, 0x80) | segment << 4 | step) ^ 0x55
    return _by_unsigned(code)


def _by_unsigned(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Reorder a table of all samples from -32768 up, so that a sample read as uint16 is its index."""
    return np.roll(codes, 32768).astype(np.uint8)


class _TableCodec(WithoutMemory):
    """Both directions by lookup; a subclass brings the tables."""

    clock_rate_hz: ClassVar[int] = 8000
    sample_rate_hz: ClassVar[int] = 8000
    octets_per_second: ClassVar[int] = 8000
    decode_table: ClassVar[npt.NDArray[np.int16]]
    """256 samples by code."""
    encode_table: ClassVar[npt.NDArray[np.uint8]]
    """65,536 codes by sample, read as uint16."""

    def decode(self, payload: Octets, streams: Streams | None = None) -> Samples:
        """Expand payloads to as many samples."""
        del streams
        samples = np.empty(payload.shape, np.int16)
        for rows in _chunks(payload.shape):
            np.take(self.decode_table, payload[rows], out=samples[rows], mode="clip")
        return samples

    def encode(self, samples: Sound, streams: Streams | None = None) -> Octets:
        """Compress samples to as many octets."""
        del streams
        payload = np.empty(samples.shape, np.uint8)
        for rows in _chunks(samples.shape):
            np.take(self.encode_table, to_int16(samples[rows]).view(np.uint16), out=payload[rows], mode="clip")
        return payload


def _chunks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of rows that together have about as many samples as the cache holds."""
    rows = max(1, _SAMPLES_AT_ONCE // max(1, shape[1]))
    return (slice(first, first + rows) for first in range(0, shape[0], rows))


@codec
class Pcmu(_TableCodec):
    """Mu-law: RTP payload type 0."""

    encoding: ClassVar[str] = "PCMU"
    decode_table = _mu_decode_table()
    encode_table = _mu_encode_table()


@codec
class Pcma(_TableCodec):
    """A-law: RTP payload type 8."""

    encoding: ClassVar[str] = "PCMA"
    decode_table = _a_decode_table()
    encode_table = _a_encode_table()
