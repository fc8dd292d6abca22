"""Batch codecs over N streams; imports nothing of softswitch.

A codec is one module with a class that :func:`softswitch_codecs.registry.codec` enters; importing the package loads
them all.
"""

from __future__ import annotations

from softswitch_codecs import g711, g722, l16, opus
from softswitch_codecs.base import (
    BatchCodec,
    Octets,
    PacketCodec,
    Samples,
    Sound,
    Streams,
    frame_octets,
    frame_samples,
    to_int16,
)
from softswitch_codecs.registry import codec_class, codecs, missing_codecs, packet_codecs

__all__ = [
    "BatchCodec",
    "Octets",
    "PacketCodec",
    "Samples",
    "Sound",
    "Streams",
    "codec_class",
    "codecs",
    "frame_octets",
    "frame_samples",
    "g711",
    "g722",
    "l16",
    "missing_codecs",
    "opus",
    "packet_codecs",
    "to_int16",
]
