"""The machine code of the loops, where ``softswitch compile`` has made it.

It stands beside this file and needs nothing else. Without it, or where it was made of other loops than these, all goes
on with numpy.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Final, NamedTuple
from zlib import crc32

NAME: Final = "_loops"


Loops = ModuleType | SimpleNamespace
"""Compiled; or, in tests, the same functions as plain Python."""


class Found(NamedTuple):
    """What there is."""

    loops: Loops | None
    why_not: str
    """Empty where there are loops."""


def fingerprint() -> int:
    """Return a number of the loops' source as it is now."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return crc32(b"".join(source.read_bytes() for source in sources))


def processor() -> int:
    """Return a number of what this machine's processor can do."""
    lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    able = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return crc32(able.encode())


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
    if loops.processor() not in {0, processor()}:  # instructions that it lacks would end a worker
        return Found(None, "made for another processor: softswitch compile")
    return Found(loops, "")
