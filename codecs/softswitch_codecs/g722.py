"""G.722 at 64 kbit/s: 16,000 samples a second in 8,000 octets, by libg722.

Its RTP clock is 8000 by a mistake that is kept for good (RFC 3551 §4.5.2). The C library codes one stream a call, so
this is among the dear codecs; a stream's encoder and decoder are objects of their own and remember what came before.

Source: ITU-T G.722 (09/2012).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

import numpy as np

from softswitch_codecs.base import Octets, Samples, Sound, Streams, to_int16
from softswitch_codecs.registry import codec, missing

try:
    import G722 as _libg722  # noqa: N811 - the module is named like that
except ImportError as error:  # a processor for which the package has no wheel, and no compiler
    _libg722 = None
    missing("G722", 8000, f"the package G722 cannot be imported: {error}")

_BIT_RATE: Final = 64000


class G722:
    """Sub-band ADPCM; an octet for two samples."""

    encoding: ClassVar[str] = "G722"
    clock_rate_hz: ClassVar[int] = 8000
    sample_rate_hz: ClassVar[int] = 16000
    octets_per_second: ClassVar[int] = 8000
    has_memory: ClassVar[bool] = True

    def __init__(self) -> None:
        self._encoders: dict[int, Any] = {}
        self._decoders: dict[int, Any] = {}

    def __len__(self) -> int:
        """Return how many streams are remembered."""
        return len(self._encoders.keys() | self._decoders.keys())

    def decode(self, payload: Octets, streams: Streams | None = None) -> Samples:
        """Expand payloads to twice as many samples."""
        samples = np.empty((len(payload), 2 * payload.shape[1]), np.int16)
        for row, coder in enumerate(self._coders(self._decoders, len(payload), streams)):
            samples[row] = coder.decode(payload[row].tobytes())
        return samples

    def encode(self, samples: Sound, streams: Streams | None = None) -> Octets:
        """Compress samples to half as many octets; an odd last sample is left out."""
        octets = samples.shape[1] // 2
        linear = np.ascontiguousarray(to_int16(samples)[:, : 2 * octets])
        coded = [
            coder.encode(linear[row]) for row, coder in enumerate(self._coders(self._encoders, len(linear), streams))
        ]
        return np.frombuffer(b"".join(coded), np.uint8).reshape(len(linear), octets)

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew."""
        for stream in streams:
            self._encoders.pop(stream, None)
            self._decoders.pop(stream, None)

    @staticmethod
    def _coders(known: dict[int, Any], rows: int, streams: Streams | None) -> list[Any]:
        indices = range(rows) if streams is None else streams.tolist()
        for stream in indices:
            if stream not in known:
                known[stream] = _libg722.G722(G722.sample_rate_hz, _BIT_RATE, use_numpy=False)
        return [known[stream] for stream in indices]


if _libg722 is not None:
    codec(G722)
