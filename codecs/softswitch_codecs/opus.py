"""Opus by the system's libopus, through ctypes; without the library there is no Opus, and all else works.

A packet of Opus has no fixed length and covers 2.5 to 60 ms, so it is decoded packet by packet. Encoders and decoders
run at whatever rate the sound has (8, 16 or 48 kHz): libopus resamples inside, and is cheaper at lower rates. Packets
have a constant length, which lets many listeners' packets be sent as one batch.

Source: RFC 6716; the library's API is documented in opus.h.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from softswitch_codecs.base import Octets, Samples, Sound, Streams, to_int16
from softswitch_codecs.registry import missing, packet_codec

_NAMES: Final = ("libopus.so.0", "libopus.so", "libopus.0.dylib")
_CURE: Final = "libopus is not installed (on Debian: apt install libopus0)"
_VOIP: Final = 2048
_VOICE: Final = 3001
_BITRATE, _VBR, _COMPLEXITY, _FEC, _LOSS, _DTX, _SIGNAL = 4002, 4006, 4010, 4012, 4014, 4016, 4024
_MOST_OCTETS: Final = 1275
_MOST_MS: Final = 120
FRAME_MS: Final = 20
"""What our packets cover."""


class OpusError(ValueError):
    """Octets that are no packet of Opus."""


def _candidates() -> Iterator[str]:
    yield from _NAMES
    spec = find_spec("av")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent.with_name("av.libs")
        yield from sorted(str(path) for path in folder.glob("libopus*"))


def _loaded() -> ctypes.CDLL | None:
    for name in _candidates():
        try:
            return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, octets, samples = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p
    library.opus_encoder_create.restype = library.opus_decoder_create.restype = pointer
    library.opus_encoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, ctypes.c_int, pointer]
    library.opus_decoder_create.argtypes = [ctypes.c_int32, ctypes.c_int, pointer]
    library.opus_encoder_destroy.argtypes = library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_encoder_ctl.argtypes = [pointer, ctypes.c_int, ctypes.c_int]
    library.opus_encode.argtypes = [pointer, samples, ctypes.c_int, octets, ctypes.c_int32]
    library.opus_decode.argtypes = [pointer, octets, ctypes.c_int32, samples, ctypes.c_int, ctypes.c_int]
    library.opus_packet_pad.argtypes = [octets, ctypes.c_int32, ctypes.c_int32]
    library.opus_get_version_string.restype = octets
    return library


_LIBRARY: Final = _loaded()


class _Encoder:
    """One stream to a phone."""

    def __init__(self, rate_hz: int, bit_rate: int, *, dtx: bool) -> None:
        self.rate_hz = rate_hz
        self._made = _LIBRARY.opus_encoder_create(rate_hz, 1, _VOIP, None)  # type: ignore[union-attr]  # it is there
        self._buffer = ctypes.create_string_buffer(_MOST_OCTETS)
        for request, value in (
            (_BITRATE, bit_rate),
            (_VBR, 0),
            (_COMPLEXITY, Opus.complexity),
            (_SIGNAL, _VOICE),
            (_FEC, 1),
            (_LOSS, Opus.expected_loss_percent),
            (_DTX, int(dtx)),
        ):
            _LIBRARY.opus_encoder_ctl(self._made, request, value)  # type: ignore[union-attr]  # as above

    def encode(self, samples: Samples) -> bytes:
        length = _LIBRARY.opus_encode(  # type: ignore[union-attr]  # as above
            self._made, samples.ctypes.data, len(samples), self._buffer, _MOST_OCTETS
        )
        if length < 0:
            raise OpusError(f"libopus refuses {len(samples)} samples (error {length})")
        return self._buffer.raw[:length]

    def __del__(self) -> None:
        _LIBRARY.opus_encoder_destroy(self._made)  # type: ignore[union-attr]  # as above


class _Decoder:
    """One stream from a phone."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._made = _LIBRARY.opus_decoder_create(rate_hz, 1, None)  # type: ignore[union-attr]  # it is there
        self._buffer = np.empty(rate_hz * _MOST_MS // 1000, np.int16)

    def decode(self, packet: bytes | None, most: int, *, fec: bool = False) -> Samples:
        length = 0 if packet is None else len(packet)
        count = _LIBRARY.opus_decode(  # type: ignore[union-attr]  # as above
            self._made, packet, length, self._buffer.ctypes.data, most, int(fec)
        )
        if count < 0:
            raise OpusError(f"not a packet of Opus (error {count})")
        return self._buffer[:count].copy()

    def __del__(self) -> None:
        _LIBRARY.opus_decoder_destroy(self._made)  # type: ignore[union-attr]  # as above


class Opus:
    """Implements :class:`softswitch_codecs.base.PacketCodec`: many streams, each known by an index."""

    encoding: ClassVar[str] = "OPUS"
    clock_rate_hz: ClassVar[int] = 48000
    channels: ClassVar[int] = 2
    """In rtpmap, whatever is sent (RFC 7587 §7)."""
    sample_rate_hz: ClassVar[int] = 16000
    """At which sound is made for it where nothing else asks for more or less."""
    octets_per_second: ClassVar[int] = 3000
    """Of payload, at the usual bit rate; 60 in each packet."""
    has_memory: ClassVar[bool] = True
    complexity: ClassVar[int] = 5
    """Of 10: it costs a third less than 9, and is hardly heard."""
    expected_loss_percent: ClassVar[int] = 10
    """How much the forward error correction is made for."""

    def __init__(self) -> None:
        self._encoders: dict[int, _Encoder] = {}
        self._decoders: dict[int, _Decoder] = {}
        self._dtx: set[int] = set()
        self.silent: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        """Of the batch that was encoded last, the rows for which nothing need be sent (DTX)."""

    def __len__(self) -> int:
        """Return how many streams are remembered."""
        return len(self._encoders.keys() | self._decoders.keys())

    def tune(self, stream: int, *, dtx: bool) -> None:
        """Say whether a listener wants nothing to be sent while there is silence (``usedtx``)."""
        if dtx != (stream in self._dtx):
            (self._dtx.add if dtx else self._dtx.discard)(stream)
            self._encoders.pop(stream, None)

    def encode(self, samples: Sound, streams: Streams | None = None) -> Octets:
        """Compress frames of 20 ms at 8, 16 or 48 kHz; packets that are shorter than the longest are padded.

        Returns:
            uint8, shape (n, octets), the octets even; :attr:`silent` says which packets need not be sent.
        """
        linear = np.ascontiguousarray(to_int16(samples))
        rate_hz = linear.shape[1] * 1000 // FRAME_MS
        indices = range(len(linear)) if streams is None else streams.tolist()
        packets = [self._encoder(stream, rate_hz).encode(row) for stream, row in zip(indices, linear, strict=True)]
        self.silent = np.array([len(packet) <= 2 for packet in packets], np.bool_)
        longest = max((len(packet) for packet in packets), default=2)
        made = np.zeros((len(packets), longest + longest % 2), np.uint8)
        for row, packet in enumerate(packets):
            made[row] = np.frombuffer(_padded(packet, made.shape[1]), np.uint8)
        return made

    def decode(self, payload: Octets, streams: Streams | None = None) -> Samples:
        """Expand whole packets of one length in time, each a row, to samples at :attr:`sample_rate_hz`."""
        indices = range(len(payload)) if streams is None else streams.tolist()
        found = [
            self.decode_packet(stream, row.tobytes(), self.sample_rate_hz)
            for stream, row in zip(indices, payload, strict=True)
        ]
        return np.stack(found) if found else np.zeros((0, 0), np.int16)

    def decode_packet(self, stream: int, packet: bytes, rate_hz: int) -> Samples:
        """Expand a packet.

        Args:
            stream: whose.
            packet: a whole one.
            rate_hz: 8000, 16000 or 48000.

        Raises:
            OpusError: it is none.
        """
        if not packet:
            raise OpusError("not a packet of Opus: it is empty")
        return self._decoder(stream, rate_hz).decode(packet, rate_hz * _MOST_MS // 1000)

    def recover(self, stream: int, count: int, rate_hz: int, following: bytes | None = None) -> Samples:
        """Make up a packet that was lost: of what the next one tells about it, or of what was before.

        Args:
            stream: whose.
            count: samples that it had.
            rate_hz: as in :meth:`decode_packet`.
            following: the packet behind it, which is not decoded yet; None where it is not known.

        Raises:
            OpusError: ``following`` is no packet.
        """
        return self._decoder(stream, rate_hz).decode(following, count, fec=following is not None)

    def forget(self, streams: Iterable[int]) -> None:
        """Let streams begin anew."""
        for stream in streams:
            self._encoders.pop(stream, None)
            self._decoders.pop(stream, None)

    def _encoder(self, stream: int, rate_hz: int) -> _Encoder:
        found = self._encoders.get(stream)
        if found is None or found.rate_hz != rate_hz:
            made = _Encoder(rate_hz, 8 * self.octets_per_second, dtx=stream in self._dtx)
            found = self._encoders[stream] = made
        return found

    def _decoder(self, stream: int, rate_hz: int) -> _Decoder:
        found = self._decoders.get(stream)
        if found is None or found.rate_hz != rate_hz:
            found = self._decoders[stream] = _Decoder(rate_hz)
        return found


def _padded(packet: bytes, length: int) -> bytes:
    """Return a packet of that length that decodes to the same (RFC 6716 §3.2.5)."""
    if len(packet) == length:
        return packet
    buffer = ctypes.create_string_buffer(packet, length)
    _LIBRARY.opus_packet_pad(buffer, len(packet), length)  # type: ignore[union-attr]  # it is there
    return buffer.raw


if _LIBRARY is not None:
    packet_codec(Opus)
else:
    missing(Opus.encoding, Opus.clock_rate_hz, _CURE)
