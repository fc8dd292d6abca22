"""``softswitch records``: the call records, which are made of the facts and can be made again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import typer

from softswitch.app.launch import lock_directory, prepare_folders
from softswitch.app.records_rebuild import put_in_place, rebuild_records, taken
from softswitch.cli.options import ConfigOption
from softswitch.core.errors import CommandError, ConfigurationError, Problem
from softswitch.runtime.settings_file import load_settings

records = typer.Typer(name="records", help="The call records, which are made of the facts and can be made again.")

_PATIENCE_S: Final = 30.0


@records.callback()
def _group() -> None:
    """Keep ``rebuild`` a command of its own."""


@records.command()
def rebuild(*, config: ConfigOption = None) -> None:
    """Make the call records again from the journal and its archive, while the switch runs or not.

    What the database holds now is replaced; nothing else is kept in it.

    Example: softswitch records rebuild
    """
    settings = load_settings(config)
    if settings.storage.database:
        cure = "storage.database empty, or the tables emptied by hand: the writer then fills them from the journal"
        raise ConfigurationError([Problem("storage.database", "only the embedded database can be rebuilt", cure)])
    directory = settings.storage.directory
    prepare_folders(directory)
    last = rebuild_records(directory, _show, lambda where: typer.echo(f"damaged: {where}", err=True))
    _put_in_place(directory)
    typer.echo(f"The records tell of all facts up to {last}.")


def _show(done: int, last: int) -> None:
    typer.echo(f"{done} of {last} facts", err=True)


def _put_in_place(directory: Path) -> None:
    """Do it where no switch runs, else wait until its writer has."""
    try:
        lock = lock_directory(directory)
    except CommandError:
        _until_taken(directory)
        return
    try:
        put_in_place(directory)
    finally:
        os.close(lock)


def _until_taken(directory: Path) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not taken(directory):
        if time.monotonic() > deadline_s:
            message = "the records are made; the switch's writer takes them when it works again"
            raise CommandError(message, status=504, error_id="writer-does-not-answer")
        time.sleep(0.1)
