"""``softswitch voicemail``: messages that callers left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("box", "message", "from_number", "from_name", "left_at", "seconds", "heard")

voicemail = typer.Typer(help="Messages that callers left.", no_args_is_help=True)

_BOX = Annotated[str, typer.Argument(help="Name of the user or group.")]
_MESSAGE = Annotated[str, typer.Argument(help="As 'voicemail list' shows it.")]


@voicemail.command("list")
def list_(
    box: Annotated[str, typer.Argument(help="Name of the user or group; without it all boxes.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List messages.

    Example: softswitch voicemail list anna
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.voicemail(box)
    if as_json:
        print_json(found)
    else:
        print_table(_COLUMNS, [[each[column] for column in _COLUMNS] for each in found], empty="No messages.")


@voicemail.command()
def save(box: _BOX, message: _MESSAGE, file: Annotated[Path, typer.Argument()], *, config: ConfigOption = None) -> None:
    """Save a message as a WAV file; it counts as heard.

    Example: softswitch voicemail save anna 1m81b5h85hx5vs-message-01 message.wav
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        file.write_bytes(switch.voicemail_file(box, message))
    typer.echo(f"saved: {file}")


@voicemail.command()
def delete(box: _BOX, message: _MESSAGE, *, config: ConfigOption = None) -> None:
    """Delete a message and its recording.

    Example: softswitch voicemail delete anna 1m81b5h85hx5vs-message-01
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        switch.delete_voicemail(box, message)
    typer.echo(f"deleted: {message}")
