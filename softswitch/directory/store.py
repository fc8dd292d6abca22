"""The loaded site on disk: one compiled file that a start reads in milliseconds.

It is replaced as a whole by a rename, so whoever reads it finds the old site or the new one. HA1s are as good as
passwords to whoever wants to register, so nobody but the owner may read it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from softswitch.core.errors import CommandError, ConfigurationError, Problem
from softswitch.directory.compiled_site import CompiledSite, compile_site, read_compiled
from softswitch.directory.scenario_history import keep_versions
from softswitch.directory.site import Site

FILE_NAME: Final = "site.msgpack"
_LOCK_NAME: Final = "site.lock"


def site_file(directory: Path) -> Path:
    """Return where the compiled site of a storage directory stands."""
    return directory / FILE_NAME


def stored_site(directory: Path) -> CompiledSite | None:
    """Read the loaded site whatever domain it was loaded for, or give None where none was loaded yet.

    Args:
        directory: the storage directory.

    Raises:
        ConfigurationError: it cannot be read.
    """
    path = site_file(directory)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        cure = "softswitch run and load under the account that owns the storage directory"
        raise ConfigurationError([Problem(str(path), f"cannot be read: {error.strerror}", cure)]) from None
    return read_compiled(data, str(path))


def read_site(directory: Path, *, domain: str) -> CompiledSite | None:
    """Read the loaded site for a switch that is to serve ``domain``, or give None where none was loaded yet.

    Raises:
        ConfigurationError: it cannot be read, or was loaded for another domain: its HA1s are worth nothing then.
    """
    found = stored_site(directory)
    if found is not None and found.site.domain != domain:
        what = f"the site was loaded for the domain {found.site.domain}, but sip.domain is {domain}"
        again = " ".join(found.paths) or "PATH"
        cure = f"load the site again: softswitch load {again} (its passwords are hashed with the domain)"
        raise ConfigurationError([Problem(str(site_file(directory)), what, cure)])
    return found


def loaded_paths(directory: Path) -> tuple[str, ...]:
    """Return the paths of the last load, whatever domain it was for; none where nothing was loaded.

    Raises:
        ConfigurationError: the compiled site cannot be read.
    """
    found = stored_site(directory)
    return found.paths if found else ()


def write_site(directory: Path, site: Site, data: bytes) -> None:
    """Put a compiled site in the place of the one before, at once and for good.

    Args:
        directory: the storage directory; made with mode 0700 where it is missing.
        site: the site.
        data: what :func:`softswitch.directory.compiled_site.compile_site` made of it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_versions(directory, site.scenarios.values())
    write_private(site_file(directory), data)


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 through a rename, synced, so that a power cut leaves the old one or the new one."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_site(directory: Path, site: Site, paths: tuple[str, ...]) -> None:
    """Compile a site and put it in place."""
    write_site(directory, site, compile_site(site, paths))


@contextmanager
def site_lock(directory: Path) -> Iterator[None]:
    """Keep other loads out while one compares and writes.

    Raises:
        CommandError: another load is at work.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another softswitch load is at work; try again when it is done"
            raise CommandError(message, status=409, error_id="load-at-work") from None
        yield
    finally:
        os.close(descriptor)
