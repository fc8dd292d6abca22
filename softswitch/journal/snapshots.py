"""Snapshot files: the folded state at one fact, so that a start folds only what came after it.

::

    state-00000000000000260000.snapshot
        "SWSTATE", line feed | u32 format | u32 crc32 of all that follows | u64 sequence | the state   little endian

A file is written beside its place, synced and renamed, so it is there wholly or not at all. What stands in the state is
not known here. The last few are kept: an older one costs a longer fold, and saves the day when the newest is damaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

from softswitch.journal.safe_files import write_safely

KEPT: Final = 2

_MAGIC: Final = b"SWSTATE\n"
_FORMAT: Final = 1
_HEAD: Final = Struct("<8sII")
_SEQUENCE: Final = Struct("<Q")
_PREFIX: Final = "state-"
_SUFFIX: Final = ".snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The folded state behind one fact."""

    sequence: int
    state: bytes


def write_snapshot(directory: Path, snapshot: Snapshot) -> Path:
    """Write a snapshot so that it survives a power cut, and drop those that are too many.

    Raises:
        OSError: it could not be written; nothing of it is left.
    """
    path = directory / f"{_PREFIX}{snapshot.sequence:020d}{_SUFFIX}"
    body = _SEQUENCE.pack(snapshot.sequence) + snapshot.state
    write_safely(path, _HEAD.pack(_MAGIC, _FORMAT, crc32(body)) + body)
    for old in snapshot_paths(directory)[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def snapshot_paths(directory: Path) -> list[Path]:
    """Return the snapshot files, oldest first."""
    return sorted(directory.glob(f"{_PREFIX}{'[0-9]' * 20}{_SUFFIX}"))


def read_snapshot(path: Path) -> Snapshot | str:
    """Read one file; what is wrong with it, in words, where it cannot be used."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if len(data) < _HEAD.size + _SEQUENCE.size:
        return f"is cut short at octet {len(data)}"
    magic, version, checksum = _HEAD.unpack_from(data)
    if (magic, version) != (_MAGIC, _FORMAT):
        return "is no snapshot of this version"
    body = data[_HEAD.size :]
    if crc32(body) != checksum:
        return "is damaged: its checksum does not fit"
    (sequence,) = _SEQUENCE.unpack_from(body)
    return Snapshot(sequence, body[_SEQUENCE.size :])
