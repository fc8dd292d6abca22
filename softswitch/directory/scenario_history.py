"""Every version of a scenario that was ever loaded, so that calls keep theirs over a load and a restart.

One file a version in ``scenarios/`` of the storage directory, named by the version; its date is that of the first load.
Of very many the oldest are taken away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Final, NamedTuple

import msgpack

from softswitch.directory.site import ScenarioText

FOLDER: Final = "scenarios"
MOST_KEPT: Final = 1000
"""Versions beside those that are loaded; the oldest go first."""


class LoadedVersion(NamedTuple):
    """A version of a scenario, and when it was loaded first."""

    loaded_at_s: float
    """Wall time."""
    text: ScenarioText


def keep_versions(directory: Path, texts: Iterable[ScenarioText]) -> None:
    """Keep what is loaded now; take away the oldest of too many.

    Args:
        directory: the storage directory.
        texts: the scenarios of the loaded site.
    """
    folder, loaded = directory / FOLDER, list(texts)
    if not loaded and not folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    current = set()
    for text in loaded:
        path = folder / text.version
        current.add(path.name)
        if not path.exists():
            made = path.with_name(f".{path.name}.new")
            made.write_bytes(msgpack.packb(astuple(text)))
            made.chmod(0o600)
            made.replace(path)
    others = [path for path in folder.iterdir() if path.name not in current]
    for path in sorted(others, key=lambda each: each.stat().st_mtime)[: max(0, len(others) - MOST_KEPT)]:
        path.unlink(missing_ok=True)


def find_version(directory: Path, version: str) -> ScenarioText | None:
    """Return the text of a version, or None where it is not kept."""
    try:
        return ScenarioText(*msgpack.unpackb((directory / FOLDER / version).read_bytes()))
    except (OSError, ValueError, TypeError, msgpack.UnpackException):
        return None


def versions_of(directory: Path, name: str) -> list[LoadedVersion]:
    """Return the kept versions of a scenario, the newest first."""
    folder = directory / FOLDER
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        text = find_version(directory, path.name)
        if text is not None and text.name == name:
            found.append(LoadedVersion(path.stat().st_mtime, text))
    return sorted(found, reverse=True, key=lambda each: each.loaded_at_s)
