"""``softswitch call record``: recording a call on demand."""

from __future__ import annotations

from pathlib import Path

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import (
    ConfigOption,
    JsonOption,
    LegArgument,
)
from softswitch.cli.output import print_json
from softswitch.runtime.settings_file import load_settings

record = typer.Typer(no_args_is_help=True, help="Record a call, or no more.")


@record.command()
def start(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Record the call of a leg from now on.

    Example: softswitch call record start 01k3x7zc9v4m2a.2
    """
    _record(leg, wanted=True, as_json=as_json, config=config)


@record.command()
def stop(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Record it no more; the next start begins another file.

    Example: softswitch call record stop 01k3x7zc9v4m2a.2
    """
    _record(leg, wanted=False, as_json=as_json, config=config)


def _record(leg: str, *, wanted: bool, as_json: bool, config: Path | None) -> None:
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.record(leg, wanted=wanted)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{leg}: {'recorded into' if wanted else 'was recorded into'} {' '.join(found['files'])}")
