"""The codecs there are, by their name in ``rtpmap``."""

from __future__ import annotations

from typing import TypeVar

from softswitch_codecs.base import BatchCodec

CodecT = TypeVar("CodecT", bound=BatchCodec)

_BY_ENCODING: dict[str, type[BatchCodec]] = {}


def codec(cls: type[CodecT]) -> type[CodecT]:
    """Enter a class under its ``encoding``.

    Raises:
        ValueError: the name is taken.
    """
    if cls.encoding in _BY_ENCODING:
        raise ValueError(f"two codecs are named {cls.encoding}")
    _BY_ENCODING[cls.encoding] = cls
    return cls


def codec_class(encoding: str) -> type[BatchCodec] | None:
    """Return the class for a name in any case, or None."""
    return _BY_ENCODING.get(encoding.upper())


def encodings() -> tuple[str, ...]:
    """Return the names of all codecs, in the order of their entry."""
    return tuple(_BY_ENCODING)
