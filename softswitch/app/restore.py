"""Putting a backup in place: it is unpacked beside, checked to the last octet, and only then moved."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from softswitch.app.backup import (
    ASIDE,
    FORMAT,
    MANIFEST,
    RESTORED_SETTINGS,
    SETTINGS,
    STORAGE,
    UNPACKED,
    read_manifest,
)
from softswitch.app.launch import lock_directory, prepare_folders
from softswitch.core.errors import CommandError
from softswitch.journal.safe_files import sync_directory

_PIECE: Final = 1 << 20
_NO_BACKUP: Final = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, LookupError)
_NO_NAMES: Final = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
"""What the system says to names that damage has made: one that is there twice, or lies in a file, or is too long."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place."""

    files: int
    last_sequence: int
    aside: Path | None
    """Where that lies which was there before."""
    settings: Path
    """Where softswitch.toml and the site files of then lie."""


def restore_backup(source: Path, directory: Path, *, force: bool, wall_s: float) -> Restored:
    """Put a backup into a storage directory.

    Args:
        source: what :func:`softswitch.app.backup.make_backup` wrote.
        directory: the storage directory.
        force: move aside what is there.
        wall_s: now, which names the folder for what is moved aside.

    Raises:
        CommandError: a switch runs, the directory is not empty, or the file is no whole backup; nothing has changed.
        OSError: the disk failed.
    """
    prepare_folders(directory)
    lock = lock_directory(directory)
    unpacked = directory / UNPACKED
    try:
        there = _what_is_there(directory)
        if there and not force:
            names = ", ".join(path.name for path in there[:3])
            message = f"{directory} is not empty ({names} ...); --force moves aside what is there"
            raise CommandError(message, status=409, error_id="not-empty")
        shutil.rmtree(unpacked, ignore_errors=True)
        manifest = _unpack(source, unpacked)
        aside = _move_aside(there, directory / f"{ASIDE}{datetime.fromtimestamp(wall_s, UTC):%Y%m%dT%H%M%SZ}")
        _move_in(unpacked, directory)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        os.close(lock)
    settings = directory / RESTORED_SETTINGS
    return Restored(len(manifest["sha256"]), int(manifest["last_sequence"]), aside, settings)


def _what_is_there(directory: Path) -> list[Path]:
    ours = {"run", UNPACKED}
    return sorted(path for path in directory.iterdir() if path.name not in ours and not path.name.startswith(ASIDE))


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack into a folder of our own, and compare with the table of contents; return that."""
    try:
        with tarfile.open(source, "r:gz") as tar:
            digests: dict[str, str] = {}
            table = b""
            for member in tar:
                content = _content(tar, member)
                if member.name == MANIFEST:
                    table = content.read()
                else:
                    digests[member.name] = _write_new(content, folder / member.name)
            while tar.fileobj is not None and tar.fileobj.read(_PIECE):
                pass  # to the very end, where gzip's own sum stands: a flaw between two files is one too
        manifest = read_manifest(table)
    except _NO_BACKUP as error:
        raise _refused(source, f"is no backup, or is damaged: {error}") from None
    if manifest.get("format") != FORMAT:
        raise _refused(
            source, f"was made by softswitch {manifest.get('version')} in a form that this version cannot read"
        )
    if manifest["sha256"] != digests:
        differing = sorted(name for name, _ in manifest["sha256"].items() ^ digests.items())
        raise _refused(source, f"is damaged: {differing[0]} is not what was saved")
    return manifest


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    path = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    known = path.parts[0] in {STORAGE, SETTINGS} or member.name == MANIFEST
    if content is None or not known or ".." in path.parts:
        raise ValueError(f"{member.name} does not belong into one")
    return content


def _write_new(content: IO[bytes], path: Path) -> str:
    """Write a file of a backup; a name that cannot be is one of a damaged table."""
    try:
        return _write(content, path)
    except OSError as error:
        if error.errno in _NO_NAMES:
            raise ValueError(f"{path.name[:80]}: {error.strerror}") from error
        raise


def _write(content: IO[bytes], path: Path) -> str:
    """Write a file for its owner alone, synced; return its SHA-256."""
    folders = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(folders):
        folder.mkdir(mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _move_aside(paths: list[Path], aside: Path) -> Path | None:
    if not paths:
        return None
    aside.mkdir(mode=0o700, exist_ok=True)
    for path in paths:
        path.rename(aside / path.name)
    return aside


def _move_in(unpacked: Path, directory: Path) -> None:
    for path in sorted((unpacked / STORAGE).iterdir()):
        path.rename(directory / path.name)
    if (unpacked / SETTINGS).exists():
        (unpacked / SETTINGS).rename(directory / RESTORED_SETTINGS)
    sync_directory(directory)


def _refused(source: Path, what: str) -> CommandError:
    return CommandError(f"{source} {what}", status=400, error_id="no-backup")
