"""``softswitch backup``: all that the switch keeps, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.app.backup import make_backup
from softswitch.cli.options import ConfigOption
from softswitch.core.errors import CommandError
from softswitch.directory.store import loaded_paths
from softswitch.runtime.settings_file import DEFAULT_FILE, load_settings


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write (.tar.gz); it must not be there yet.")],
    *,
    recordings: Annotated[bool, typer.Option("--recordings", help="Recorded sound, too.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write a backup of journal, records, site, keys and settings, while the switch runs or not.

    The file holds secrets: keep it where only you can read it.

    Example: softswitch backup /backup/softswitch-2026-11-26.tar.gz
    """
    settings = load_settings(config)
    directory = settings.storage.directory
    if settings.storage.database:
        _notice("the database of storage.database is left out: back it up with its own tools, or make it again")
    own = config or DEFAULT_FILE
    paths = [*([own] if own.exists() else []), *map(Path, loaded_paths(directory))]
    try:
        made = make_backup(directory, file, settings=paths, recordings=recordings, notice=_notice)
    except OSError as error:
        message = f"no backup was made: {error.filename or file}: {error.strerror or error}"
        raise CommandError(message, status=500, error_id="disk-failed") from None
    typer.echo(f"{file}: {made.files} files, {made.octets} octets, all facts up to {made.last_sequence}")


def _notice(text: str) -> None:
    typer.echo(f"softswitch: {text}", err=True)
