"""Comfort noise: what a phone sends instead of silence, and what is heard then (RFC 3389).

A payload is one octet of level, perhaps followed by the noise's spectrum. The spectrum is not used: the noise made
here is white, as §3 allows. Levels are in dB below the overload point of the system, whose sound of 0 dBov
is a square wave between the largest and the smallest sample.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch_codecs.base import Octets, Samples

ENCODING: Final = "CN"
CLOCK_RATE_HZ: Final = 8000
QUIETEST_DBOV: Final = -127
_POOL_SAMPLES: Final = 1 << 15
_SEED: Final = 3389

Levels = npt.NDArray[np.int64]
"""In dBov, shape (n,): 0 is the loudest, -127 the quietest."""


def read_levels(payload: Octets) -> Levels:
    """Return the level of each payload.

    Args:
        payload: uint8, shape (n, octets), one octet at least; the highest bit of the first is reserved.
    """
    return -(payload[:, 0] & 0x7F).astype(np.int64)


def build_payloads(levels: Levels) -> Octets:
    """Return payloads of one octet; what is outside 0 to -127 becomes the nearest of these."""
    return (-np.clip(levels, QUIETEST_DBOV, 0)).astype(np.uint8)[:, np.newaxis]


def measure_levels(samples: Samples) -> Levels:
    """Return the level of each row of sound, to build comfort noise that sounds like it.

    Args:
        samples: int16, shape (n, samples), one sample at least.
    """
    wide = samples.astype(np.float32)
    power = np.einsum("ij,ij->i", wide, wide) / samples.shape[1]
    decibels = 10 * np.log10(np.maximum(power, 1e-9) / 32768**2)
    levels: Levels = np.clip(np.rint(decibels), QUIETEST_DBOV, 0).astype(np.int64)
    return levels


class ComfortNoise:
    """Makes white noise for a batch of streams: each row is another place in one long stretch of noise.

    Args:
        seed: another number, other noise.
    """

    def __init__(self, seed: int = _SEED) -> None:
        self._random = np.random.default_rng(seed)
        pool = self._random.standard_normal(_POOL_SAMPLES).astype(np.float32)
        self._pool = pool / np.sqrt(np.mean(pool * pool))

    def generate(self, levels: Levels, samples: int) -> Samples:
        """Make noise.

        Args:
            levels: dBov, shape (n,).
            samples: of each row, at most 16,384.

        Returns:
            int16, shape (n, samples). It is clipped where a peak does not fit.
        """
        starts = self._random.integers(0, _POOL_SAMPLES - samples, len(levels))
        noise = np.lib.stride_tricks.sliding_window_view(self._pool, samples)[starts]
        scaled = noise * (32768 * 10 ** (levels / 20)).astype(np.float32)[:, np.newaxis]
        return np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
