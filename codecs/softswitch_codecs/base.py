"""What a codec is here: a batch of N streams in, a batch out.

A batch has a stream a row, and all its rows are of one length: 10, 20, 30, 40 or 60 ms, or any other whole number of
octets. A stream is known by an index of the caller's choosing, such as a leg's row. A codec with memory (predictors,
filters) makes the memory of a stream when it first meets its index, one for each direction, and keeps it until
:meth:`BatchCodec.forget`; so one codec object serves streams that come and go, in batches of any composition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Octets = npt.NDArray[np.uint8]
"""Payloads, shape (n, octets)."""
Samples = npt.NDArray[np.int16]
"""Linear sound, shape (n, samples), mono."""
Sound = npt.NDArray[np.int16] | npt.NDArray[np.float32]
"""Linear sound to encode, shape (n, samples), mono; float32 on the scale of int16, as a mixer sums it."""
Streams = npt.NDArray[np.intp]
"""Indices of streams, shape (n,), each at most once."""


class BatchCodec(Protocol):
    """Encoder and decoder of one encoding for a batch of streams."""

    encoding: ClassVar[str]
    """The name in ``rtpmap``, upper case."""
    clock_rate_hz: ClassVar[int]
    """What RTP timestamps count: for G.722 8000, though it has 16,000 samples a second."""
    sample_rate_hz: ClassVar[int]
    """Samples a second in :data:`Samples`."""
    octets_per_second: ClassVar[int]
    """Of payload."""
    has_memory: ClassVar[bool]
    """Whether what a stream is decoded to depends on what came before; then it costs much more too."""

    def decode(self, payload: Octets, streams: Streams | None = None) -> Samples:
        """Expand payloads to samples.

        Args:
            payload: uint8, shape (n, octets). Every octet is valid.
            streams: which stream each row belongs to; None for 0 to n - 1.

        Returns:
            int16, shape (n, samples), at ``sample_rate_hz``.
        """
        ...

    def encode(self, samples: Sound, streams: Streams | None = None) -> Octets:
        """Compress samples to payloads.

        Args:
            samples: int16, or float32 on the same scale, which is rounded and clipped; shape (n, samples), at
                ``sample_rate_hz``.
            streams: which stream each row belongs to; None for 0 to n - 1.

        Returns:
            uint8, shape (n, octets).
        """
        ...

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew: they have ended, or their indices serve others from now on."""
        ...


class PacketCodec(BatchCodec, Protocol):
    """A codec whose packets have no fixed length, and are decoded one by one as they come.

    Its encoder takes sound at 8, 16 or 48 kHz as it is.
    """

    channels: ClassVar[int]
    """In rtpmap, whatever is sent."""
    silent: npt.NDArray[np.bool_]
    """Of the batch that was encoded last, the rows for which nothing need be sent."""

    def tune(self, stream: int, *, dtx: bool) -> None:
        """Say whether a listener wants nothing to be sent while there is silence."""
        ...

    def decode_packet(self, stream: int, packet: bytes, rate_hz: int) -> Samples:
        """Expand a packet.

        Raises:
            ValueError: it is none.
        """
        ...

    def recover(self, stream: int, count: int, rate_hz: int, following: bytes | None = None) -> Samples:
        """Make up a lost packet of so many samples, of the one behind it where that is there.

        Raises:
            ValueError: ``following`` is no packet.
        """
        ...


class WithoutMemory:
    """The rest of a codec in which each frame stands alone."""

    has_memory: ClassVar[bool] = False

    def forget(self, streams: Iterable[int]) -> None:
        """There is nothing to forget."""


def to_int16(samples: Sound) -> Samples:
    """Return sound as int16; float32 is rounded, and clipped where it is too loud."""
    if samples.dtype == np.int16:
        return samples  # type: ignore[return-value]
    rounded = np.rint(samples)
    np.clip(rounded, -32768, 32767, out=rounded)
    return rounded.astype(np.int16)


def frame_octets(codec: type[BatchCodec], ptime_ms: int) -> int:
    """Return how many octets a packet of so many milliseconds has."""
    return codec.octets_per_second * ptime_ms // 1000


def frame_samples(codec: type[BatchCodec], ptime_ms: int) -> int:
    """Return how many samples a packet of so many milliseconds has."""
    return codec.sample_rate_hz * ptime_ms // 1000
