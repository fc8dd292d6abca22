"""L16: samples as they are, in network byte order (RFC 3551 §4.5.11)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from softswitch_codecs.base import Octets, Samples, Sound, Streams, WithoutMemory, to_int16
from softswitch_codecs.registry import codec


class _L16(WithoutMemory):
    """Both directions; a subclass brings the rate."""

    encoding: ClassVar[str] = "L16"
    clock_rate_hz: ClassVar[int]
    sample_rate_hz: ClassVar[int]
    octets_per_second: ClassVar[int]

    def decode(self, payload: Octets, streams: Streams | None = None) -> Samples:
        """Expand payloads to samples; an odd last octet is half a sample and is left out."""
        del streams
        whole = np.ascontiguousarray(payload[:, : payload.shape[1] & ~1])
        return whole.view(">i2").astype(np.int16)

    def encode(self, samples: Sound, streams: Streams | None = None) -> Octets:
        """Compress samples to payloads of twice as many octets."""
        del streams
        return np.ascontiguousarray(to_int16(samples)).astype(">i2").view(np.uint8)


@codec
class L16At8000(_L16):
    """Telephone band."""

    clock_rate_hz = sample_rate_hz = 8000
    octets_per_second = 16000


@codec
class L16At16000(_L16):
    """Wide band."""

    clock_rate_hz = sample_rate_hz = 16000
    octets_per_second = 32000


@codec
class L16At48000(_L16):
    """Full band."""

    clock_rate_hz = sample_rate_hz = 48000
    octets_per_second = 96000
