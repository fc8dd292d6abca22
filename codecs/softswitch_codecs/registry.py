"""The codecs there are, by their name and RTP clock in ``rtpmap``."""

from __future__ import annotations

from typing import Final, TypeVar

from softswitch_codecs.base import BatchCodec, PacketCodec

CodecT = TypeVar("CodecT", bound=BatchCodec)
PacketCodecT = TypeVar("PacketCodecT", bound=PacketCodec)

_BY_NAME: Final[dict[tuple[str, int], type[BatchCodec]]] = {}
_PACKET_CODECS: Final[dict[tuple[str, int], type[PacketCodec]]] = {}
_MISSING: Final[dict[tuple[str, int], str]] = {}


def codec(cls: type[CodecT]) -> type[CodecT]:
    """Enter a class under its ``encoding`` and ``clock_rate_hz``.

    Raises:
        ValueError: the name is taken.
    """
    key = cls.encoding, cls.clock_rate_hz
    if key in _BY_NAME:
        raise ValueError(f"two codecs are named {cls.encoding}/{cls.clock_rate_hz}")
    _BY_NAME[key] = cls
    return cls


def packet_codec(cls: type[PacketCodecT]) -> type[PacketCodecT]:
    """Enter a codec that decodes packet by packet."""
    _PACKET_CODECS[cls.encoding, cls.clock_rate_hz] = cls
    return cls


def packet_codecs() -> tuple[type[PacketCodec], ...]:
    """Return the codecs that decode packet by packet."""
    return tuple(_PACKET_CODECS.values())


def missing(encoding: str, clock_rate_hz: int, reason: str) -> None:
    """Enter that this machine lacks a codec, and why."""
    _MISSING[encoding, clock_rate_hz] = reason


def codec_class(encoding: str, clock_rate_hz: int = 8000) -> type[BatchCodec] | None:
    """Return the class for a name in any case and an RTP clock, or None."""
    return _BY_NAME.get((encoding.upper(), clock_rate_hz))


def codecs() -> tuple[type[BatchCodec], ...]:
    """Return all codecs, in the order of their entry."""
    return tuple(_BY_NAME.values())


def missing_codecs() -> dict[tuple[str, int], str]:
    """Return the codecs that this machine lacks, by name and RTP clock, with the reasons."""
    return dict(_MISSING)
