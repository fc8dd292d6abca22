"""``softswitch restore``: a backup put in place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.app.restore import restore_backup
from softswitch.cli.options import ConfigOption
from softswitch.core.errors import CommandError
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.settings_file import load_settings


def restore(
    file: Annotated[Path, typer.Argument(help="What 'softswitch backup' wrote.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Move aside what is in the storage directory.")] = False,
    config: ConfigOption = None,
) -> None:
    """Put a backup into the storage directory; the switch must not run.

    The settings and site files of the backup are laid beside, to be compared with yours; none of yours is changed.

    Example: softswitch restore /backup/softswitch-2026-11-26.tar.gz
    """
    directory = load_settings(config).storage.directory
    try:
        done = restore_backup(file, directory, force=force, wall_s=SystemClock().wall())
    except OSError as error:
        message = f"nothing was restored: {error.filename or file}: {error.strerror or error}"
        raise CommandError(message, status=500, error_id="disk-failed") from None
    typer.echo(f"{directory}: {done.files} files, all facts up to {done.last_sequence}")
    if done.aside is not None:
        typer.echo(f"what was there before: {done.aside}")
    if done.settings.exists():
        typer.echo(f"softswitch.toml and the site files of then: {done.settings}")
