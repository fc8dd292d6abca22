"""One segment file: its name, its header, and what lies in it.

::

    segment-00000000000000000001.facts
        "SWFACTS", line feed | u32 format | u32 zero | u64 first sequence | u64 last sequence of the segment before
        then frames (softswitch.journal.framing)                                                    little endian

A segment names the last record of the one before it, so a reader tells a segment that is missing from facts that were
never kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final

from softswitch.journal.framing import resume_offset, split

HEADER_OCTETS: Final = 32

_MAGIC: Final = b"SWFACTS\n"
_FORMAT: Final = 1
_HEADER: Final = Struct("<8sIIQQ")
_PREFIX: Final = "segment-"
_SUFFIX: Final = ".facts"


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """The head of a segment file."""

    first_sequence: int
    previous_last_sequence: int

    def encode(self) -> bytes:
        """Return the header as it stands in the file."""
        return _HEADER.pack(_MAGIC, _FORMAT, 0, self.first_sequence, self.previous_last_sequence)

    @classmethod
    def decode(cls, data: bytes) -> SegmentHeader | None:
        """Read the header; None when it is short, damaged or of another format."""
        if len(data) < HEADER_OCTETS:
            return None
        magic, version, _, first, previous = _HEADER.unpack_from(data)
        return cls(first, previous) if (magic, version) == (_MAGIC, _FORMAT) else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Intact records that follow each other in a file, and the damage before them."""

    payloads: list[bytes]
    damaged_at: int
    """Offset of octets that hold no intact record, in front of these; -1 when there are none."""
    end: int
    """Offset behind the last of these records."""


def chunks(data: bytes) -> Iterator[Chunk]:
    """Walk through a segment's octets from behind its header, over damage where there is some.

    The last chunk's ``end`` differs from ``len(data)`` only if the damage reaches to the end of the file; such a chunk
    has no payloads.
    """
    offset, damaged_at = min(HEADER_OCTETS, len(data)), -1
    while True:
        payloads, end = split(data, offset)
        yield Chunk(payloads, damaged_at, end)
        if end >= len(data):
            return
        offset, damaged_at = resume_offset(data, end), end
        if offset >= len(data):
            yield Chunk([], damaged_at, damaged_at)
            return


def segment_path(directory: Path, first_sequence: int) -> Path:
    """Return the path of the segment that begins with that sequence number."""
    return directory / f"{_PREFIX}{first_sequence:020d}{_SUFFIX}"


def first_sequence_of(path: Path) -> int:
    """Read the first sequence number out of a segment's name."""
    return int(path.name[len(_PREFIX) : -len(_SUFFIX)])


def segment_paths(directory: Path) -> list[Path]:
    """Return the directory's segments, oldest first; an absent directory has none."""
    found = directory.glob(f"{_PREFIX}{'[0-9]' * 20}{_SUFFIX}")
    return sorted(found)
