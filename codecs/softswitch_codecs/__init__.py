"""Batch codecs over N streams; imports nothing of softswitch.

A codec is one module with a class that :func:`softswitch_codecs.registry.codec` enters; importing the package loads
them all.
"""

from __future__ import annotations

from softswitch_codecs import g711
from softswitch_codecs.base import BatchCodec, Octets, Samples
from softswitch_codecs.registry import codec_class, encodings

__all__ = ["BatchCodec", "Octets", "Samples", "codec_class", "encodings", "g711"]
