"""``softswitch bans``: sources that are shut out, and letting them in again."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("source", "until", "reason", "times")

bans = typer.Typer(help="Sources that are shut out because they guessed or flooded.", no_args_is_help=True)


@bans.command("list")
def list_(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the sources that are shut out now.

    Example: softswitch bans list --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.bans()
    if as_json:
        print_json(found)
    else:
        print_table(_COLUMNS, [[ban[column] for column in _COLUMNS] for ban in found], empty="Nobody is shut out.")


@bans.command()
def lift(
    source: Annotated[str, typer.Argument(help="The address, as 'bans list' shows it.")], *, config: ConfigOption = None
) -> None:
    """Let a source in again. To keep it from being shut out for good, name it in [security] allow.

    Example: softswitch bans lift 203.0.113.7
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        lifted = switch.lift_ban(source)
    print(f"{lifted['source']} may come in again.")
