"""One segment file: its name, its header, and what lies in it.

::

    segment-00000000000000000001.facts         as it is written
    segment-00000000000000000001.facts.z       closed and compressed
        "SWFACTS", line feed | u32 format | u32 zero | u64 first sequence | u64 last sequence of the segment before
        then frames (softswitch.journal.framing)                                                    little endian

The frames of format 1 hold records. Those of format 2 hold blocks, each of which, decompressed by zlib, is a row of
frames that hold records: a flipped bit costs one block and not the rest of the file.

A segment names the last record of the one before it, so a reader tells a segment that is missing from facts that were
never kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final

from softswitch.journal.framing import RECORD_MARK, frame, resume_offset, split

HEADER_OCTETS: Final = 32
PLAIN: Final = 1
COMPRESSED: Final = 2

_MAGIC: Final = b"SWFACTS\n"
_HEADER: Final = Struct("<8sIIQQ")
_PREFIX: Final = "segment-"
_SUFFIX: Final = ".facts"
_COMPRESSED_SUFFIX: Final = ".facts.z"
_BLOCK_OCTETS: Final = 128 << 10
_BLOCK_MARK: Final = 0x78  # RFC 1950: deflate with a window of 32 kB
_LEVEL: Final = 3


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """The head of a segment file."""

    first_sequence: int
    previous_last_sequence: int
    format: int = PLAIN

    def encode(self) -> bytes:
        """Return the header as it stands in the file."""
        return _HEADER.pack(_MAGIC, self.format, 0, self.first_sequence, self.previous_last_sequence)

    @classmethod
    def decode(cls, data: bytes) -> SegmentHeader | None:
        """Read the header; None when it is short, damaged or of another format."""
        if len(data) < HEADER_OCTETS:
            return None
        magic, version, _, first, previous = _HEADER.unpack_from(data)
        return cls(first, previous, version) if magic == _MAGIC and version in {PLAIN, COMPRESSED} else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Intact payloads that follow each other in a file, and the damage before them."""

    payloads: list[bytes]
    damaged_at: int
    """Offset of octets that hold no intact payload, in front of these; -1 when there are none."""
    end: int
    """Offset behind the last of these payloads."""


def chunks(data: bytes, *, compressed: bool = False) -> Iterator[Chunk]:
    """Walk through a segment's octets from behind its header, over damage where there is some.

    The last chunk's ``end`` differs from ``len(data)`` only if the damage reaches to the end of the file; such a chunk
    has no payloads.
    """
    mark = _BLOCK_MARK if compressed else RECORD_MARK
    offset, damaged_at = min(HEADER_OCTETS, len(data)), -1
    while True:
        payloads, end = split(data, offset)
        if compressed:
            payloads = [payload for block in payloads for payload in _payloads_of(block)]
        yield Chunk(payloads, damaged_at, end)
        if end >= len(data):
            return
        offset, damaged_at = resume_offset(data, end, mark), end
        if offset >= len(data):
            yield Chunk([], damaged_at, damaged_at)
            return


def _payloads_of(block: bytes) -> list[bytes]:
    """Return the payloads of a block; one whose checksum fits and that is no zlib stream has none."""
    try:
        return split(zlib.decompress(block))[0]
    except zlib.error:
        return []


def compressed_segment(header: SegmentHeader, payloads: Iterator[bytes] | Sequence[bytes]) -> Iterator[bytes]:
    """Give the octets of a compressed segment, piece by piece."""
    yield SegmentHeader(header.first_sequence, header.previous_last_sequence, COMPRESSED).encode()
    block: list[bytes] = []
    size = 0
    for payload in payloads:
        block.append(payload)
        size += len(payload)
        if size >= _BLOCK_OCTETS:
            yield frame([zlib.compress(frame(block), _LEVEL)])
            block, size = [], 0
    if block:
        yield frame([zlib.compress(frame(block), _LEVEL)])


def segment_path(directory: Path, first_sequence: int) -> Path:
    """Return the path of the segment that begins with that sequence number."""
    return directory / f"{_PREFIX}{first_sequence:020d}{_SUFFIX}"


def compressed_path(path: Path) -> Path:
    """Return the path of a segment once it is compressed."""
    return path.with_name(f"{_PREFIX}{first_sequence_of(path):020d}{_COMPRESSED_SUFFIX}")


def is_compressed(path: Path) -> bool:
    """Tell whether the name is that of a compressed segment."""
    return path.name.endswith(_COMPRESSED_SUFFIX)


def first_sequence_of(path: Path) -> int:
    """Read the first sequence number out of a segment's name."""
    return int(path.name[len(_PREFIX) : len(_PREFIX) + 20])


def segment_paths(directory: Path) -> list[Path]:
    """Return the directory's segments, oldest first; an absent directory has none.

    Where one is there twice, since its compression was just finished, the compressed one counts.
    """
    found = {first_sequence_of(path): path for path in directory.glob(f"{_PREFIX}{'[0-9]' * 20}{_SUFFIX}")}
    found |= {first_sequence_of(path): path for path in directory.glob(f"{_PREFIX}{'[0-9]' * 20}{_COMPRESSED_SUFFIX}")}
    return [found[first] for first in sorted(found)]


def read_segment(path: Path) -> tuple[bytes, bool]:
    """Return a segment's octets and whether they are compressed, also if it was compressed since it was listed.

    Raises:
        FileNotFoundError: it is not there any more.
        OSError: it cannot be read.
    """
    try:
        return path.read_bytes(), is_compressed(path)
    except FileNotFoundError:
        if is_compressed(path):
            raise
        return compressed_path(path).read_bytes(), True
