"""What a codec is here: a batch of N streams in, a batch out.

Row i is stream i; the rows of one call are of one length. A codec with memory (predictors, filters) is made for its
number of streams and keeps a row of state for each; one without memory takes any number of rows.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Octets = npt.NDArray[np.uint8]
"""Payloads, shape (n, octets)."""
Samples = npt.NDArray[np.int16]
"""Linear sound, shape (n, samples), mono."""


class BatchCodec(Protocol):
    """Encoder and decoder of one encoding for a batch of streams."""

    encoding: ClassVar[str]
    """The name in ``rtpmap``, upper case."""
    clock_rate_hz: ClassVar[int]
    """What RTP timestamps count: for G.722 8000, though it has 16,000 samples a second."""
    sample_rate_hz: ClassVar[int]
    """Samples a second in :data:`Samples`."""

    def __init__(self, streams: int) -> None:
        """Make a codec for that many streams."""
        ...

    def decode(self, payload: Octets) -> Samples:
        """Expand payloads to samples.

        Args:
            payload: uint8, shape (n, octets).

        Returns:
            int16, shape (n, samples), at ``sample_rate_hz``.
        """
        ...

    def encode(self, samples: Samples) -> Octets:
        """Compress samples to payloads.

        Args:
            samples: int16, shape (n, samples), at ``sample_rate_hz``.

        Returns:
            uint8, shape (n, octets).
        """
        ...
