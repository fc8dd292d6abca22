"""All that a switch keeps in one file, taken while it runs or not.

A gzipped tar with ``storage/`` (the storage directory), ``settings/`` (softswitch.toml and the site files, for people)
and, last, ``backup.json``, which names every file with its SHA-256.

The database is copied before the journal, so the journal never ends before what the records tell. The journal's upkeep
stands still meanwhile; its open segment is taken up to the last whole fact.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from softswitch import __version__
from softswitch.app.upkeep import upkeep_lock
from softswitch.core.errors import CommandError
from softswitch.journal.safe_files import sync_directory
from softswitch.journal.segment_file import HEADER_OCTETS, chunks, is_compressed, segment_paths
from softswitch.journal.segments import last_sequence
from softswitch.storage.record_store import database_file

MANIFEST: Final = "backup.json"
FORMAT: Final = 1
STORAGE: Final = "storage"
SETTINGS: Final = "settings"
ASIDE: Final = "before-restore-"
UNPACKED: Final = ".restoring"
RESTORED_SETTINGS: Final = "restored-settings"
_LEVEL: Final = 3


@dataclass(frozen=True, slots=True)
class BackupMade:
    """What is in a backup."""

    files: int
    octets: int
    """Size of the file."""
    last_sequence: int
    """The last fact that it holds."""


def make_backup(
    directory: Path,
    target: Path,
    *,
    settings: Iterable[Path],
    recordings: bool,
    notice: Callable[[str], None],
) -> BackupMade:
    """Write a backup.

    Args:
        directory: the storage directory.
        target: the file to write; it is there wholly or not at all, mode 0600.
        settings: softswitch.toml and the site files or folders.
        recordings: whether recorded sound belongs to it.
        notice: told what could not be taken, and why that does no harm.

    Raises:
        CommandError: there is nothing to take, or the target is there already.
        OSError: a file could not be read or written.
    """
    if not (directory / "journal").is_dir():
        raise CommandError(f"{directory} is no storage directory of a switch", status=404, error_id="nothing-there")
    if target.exists():
        raise CommandError(f"{target} exists already; name another file", status=409, error_id="file-exists")
    descriptor, name = tempfile.mkstemp(".new", f".{target.name}.", target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            made = _write(file, target.parent, directory, settings, recordings=recordings, notice=notice)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_directory(target.parent)
    return BackupMade(len(made.digests), target.stat().st_size, made.last_sequence)


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@dataclass(slots=True)
class _Archive:
    """A tar that is being written."""

    tar: tarfile.TarFile
    digests: dict[str, str] = field(default_factory=dict)
    last_sequence: int = 0

    def add(self, name: str, path: Path) -> None:
        """Add a file as long as it is now; none where it has just gone."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            state = os.fstat(file.fileno())
            self.add_open(name, file, state.st_size, state.st_mtime)

    def add_open(self, name: str, source: BinaryIO, size: int, modified_s: float) -> None:
        """Add what can be read from a file."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(modified_s), 0o600
        hashed = _Hashed(source)
        self.tar.addfile(info, hashed)
        self.digests[name] = hashed.digest.hexdigest()

    def finish(self) -> None:
        """Add the table of contents."""
        text = json.dumps(
            {
                "format": FORMAT,
                "version": __version__,
                "last_sequence": self.last_sequence,
                "sha256": self.digests,
            },
            indent=1,
        ).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        self.tar.addfile(info, io.BytesIO(text))


def _write(
    file: BinaryIO,
    beside: Path,
    directory: Path,
    settings: Iterable[Path],
    *,
    recordings: bool,
    notice: Callable[[str], None],
) -> _Archive:
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL) as tar:
        archive = _Archive(tar)
        _add_database(archive, directory, beside, notice)
        with upkeep_lock(directory / "journal", wait=True):
            _add_journal(archive, directory / "journal")
        for path in sorted(directory.rglob("*")):
            name = path.relative_to(directory)
            if _is_wanted(name.parts, recordings=recordings) and path.is_file():
                archive.add(f"{STORAGE}/{name}", path)
        _add_settings(archive, settings, notice)
        archive.finish()
    return archive


def _is_wanted(parts: tuple[str, ...], *, recordings: bool) -> bool:
    """Leave out what is taken otherwise, what a start makes, and what is only half there."""
    top = parts[0]
    if top in {"journal", "run", UNPACKED, RESTORED_SETTINGS} or top.startswith(
        (ASIDE, "softswitch.db", "softswitch.unfinished")
    ):
        return False
    if top == "recordings" and not recordings:
        return False
    hidden = parts[-1].startswith(".") and parts[-1].endswith(".new")
    return not hidden and not parts[-1].endswith(".lock")


def _add_database(archive: _Archive, directory: Path, beside: Path, notice: Callable[[str], None]) -> None:
    """Copy the database as it is between two writes; the copy lies in the folder of the backup for a moment."""
    source = database_file(directory)
    if not source.exists():
        return
    with tempfile.TemporaryDirectory(prefix=".softswitch-", dir=beside) as name:
        copy = Path(name) / source.name
        try:
            with (
                closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True)) as original,
                closing(sqlite3.connect(copy)) as copied,
            ):
                original.backup(copied)
        except sqlite3.Error as error:
            notice(f"{source} is left out ({error}); the switch makes it again from the journal")
            return
        archive.add(f"{STORAGE}/{source.name}", copy)


def _add_journal(archive: _Archive, journal: Path) -> None:
    """Add all of the journal; its upkeep must stand still. What the writer appends meanwhile stays out."""
    paths = [path for path in sorted(journal.rglob("*")) if path.is_file() and _is_kept(path)]
    archive.last_sequence = last_sequence(journal)
    segments = [path for path in segment_paths(journal) if path in paths]
    for path in paths:
        name = f"{STORAGE}/journal/{path.relative_to(journal)}"
        if segments and path == segments[-1] and not is_compressed(path):
            whole = _whole_facts(path.read_bytes())
            archive.add_open(name, io.BytesIO(whole), len(whole), path.stat().st_mtime)
        else:
            archive.add(name, path)


def _is_kept(path: Path) -> bool:
    return not path.name.endswith((".lock", ".new"))


def _whole_facts(data: bytes) -> bytes:
    """Cut off what the writer was just writing."""
    end = max((chunk.end for chunk in chunks(data) if chunk.payloads), default=HEADER_OCTETS)
    return data[:end]


def _add_settings(archive: _Archive, settings: Iterable[Path], notice: Callable[[str], None]) -> None:
    for path in settings:
        if not path.exists():
            notice(f"{path} is left out: it is not there any more")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                archive.add(f"{SETTINGS}/{str(file.absolute()).lstrip('/')}", file)


def read_manifest(text: bytes) -> dict[str, Any]:
    """Read a table of contents.

    Raises:
        ValueError, tarfile.TarError: it is none.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("sha256"), dict):
        raise tarfile.ReadError("it has no table of contents")
    return found
