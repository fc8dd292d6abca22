"""``softswitch recordings``: list, play, export and delete what was recorded."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.app.recording_archive import RecordingArchive
from softswitch.app.recording_forms import FORMS, convert
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.core.errors import CommandError
from softswitch.runtime.settings_file import load_settings

recordings = typer.Typer(no_args_is_help=True, help="What was recorded: list, play, export, delete.")

_COLUMNS: Final = ("recording", "started", "from", "to", "seconds", "gaps", "by", "octets")
_PLAYERS: Final = (
    ("aplay", "-q"),
    ("paplay",),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("play", "-q"),
)
_Recording = Annotated[str, typer.Argument(help="Its name: see 'softswitch recordings list'.")]


@recordings.command("list")
def list_recordings(
    *,
    conversation: Annotated[str, typer.Option(help="Only those of this conversation.")] = "",
    number: Annotated[str, typer.Option(help="Only those of calls from or to this number.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only those since then, in this machine's time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave so many out first.")] = 0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List recordings, the latest first; the switch need not run.

    Example: softswitch recordings list --number 101
    """
    settings = load_settings(config).storage
    found = RecordingArchive(settings.directory, settings.database).listed(
        conversation_id=conversation,
        number=number,
        since_s=0.0 if since is None else since.timestamp(),
        limit=limit,
        offset=offset,
    )
    if as_json:
        print_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    rows = [
        (
            one.recording,
            one.started_at,
            one.from_number,
            one.to_number,
            one.seconds,
            one.gaps,
            one.started_by,
            one.octets,
        )
        for one in found
    ]
    print_table(_COLUMNS, rows, empty="Nothing was recorded.")


@recordings.command()
def play(recording: _Recording, *, config: ConfigOption = None) -> None:
    """Play a recording on this machine.

    Example: softswitch recordings play 01k3x7zc9v4m2a-01
    """
    player = next((words for words in _PLAYERS if shutil.which(words[0])), None)
    if player is None:
        text = f"No program that plays sound is here ({', '.join(words[0] for words in _PLAYERS)}); export it instead."
        raise CommandError(text, status=501, error_id="no-player")
    settings = load_settings(config).storage
    archive = RecordingArchive(settings.directory, settings.database)
    with SwitchClient(settings.directory) as switch:
        path = switch.access_recording(recording, "play", _who())
    with archive.plain(path) as plain:
        subprocess.run([*player, str(plain)], check=False)  # noqa: S603  # one of the programs above


@recordings.command()
def export(
    recording: _Recording,
    target: Annotated[Path, typer.Argument(help=f"The file to write; its end says the form: {', '.join(FORMS)}.")],
    *,
    config: ConfigOption = None,
) -> None:
    """Write a recording into a file of another place and, by its name, of another form.

    Example: softswitch recordings export 01k3x7zc9v4m2a-01 call.opus
    """
    if target.suffix.removeprefix(".") not in FORMS:
        raise typer.BadParameter(f"a name that ends in one of: {', '.join(FORMS)}", param_hint="TARGET")
    settings = load_settings(config).storage
    archive = RecordingArchive(settings.directory, settings.database)
    with SwitchClient(settings.directory) as switch:
        path = switch.access_recording(recording, "export", _who())
    with archive.plain(path) as plain:
        convert(plain, target)
    typer.echo(f"{target}: {target.stat().st_size} octets")


@recordings.command()
def delete(
    names: Annotated[list[str], typer.Argument(help="Names of recordings.", metavar="RECORDING...")],
    *,
    config: ConfigOption = None,
) -> None:
    """Delete recordings; who did it and when stays in the journal.

    Example: softswitch recordings delete 01k3x7zc9v4m2a-01
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        for name in names:
            switch.delete_recording(name, _who(), "asked")
            typer.echo(f"{name} is deleted.")


def _who() -> str:
    return f"command of {getpass.getuser()}"
