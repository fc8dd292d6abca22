"""The loops of :mod:`softswitch.media.worker.loops` as machine code, where ``softswitch compile`` has made it.

The code stands beside this file and works by itself. Without it, or where it was made of other loops than these, media
workers do the same with numpy.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple
from zlib import crc32

NAME: Final = "_loops"


class Found(NamedTuple):
    """What there is."""

    loops: ModuleType | None
    why_not: str
    """Empty where there are loops."""


def fingerprint() -> int:
    """Return a number of the loops' source as it is now."""
    return crc32(Path(__file__).with_name("loops.py").read_bytes())


def find_loops() -> Found:
    """Return the compiled loops, or why there are none."""
    try:
        loops = import_module(f"{__package__}.{NAME}")
    except ModuleNotFoundError:
        return Found(None, "softswitch compile would make some")
    except ImportError as error:
        return Found(None, str(error))
    if loops.fingerprint() != fingerprint():
        return Found(None, "made of another version: softswitch compile")
    return Found(loops, "")
