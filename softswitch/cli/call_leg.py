"""``softswitch call``: what is asked of one call."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.call_output import command
from softswitch.cli.options import (
    ConfigOption,
    JsonOption,
    LegArgument,
)
from softswitch.cli.output import print_json
from softswitch.runtime.settings_file import load_settings

commands = typer.Typer()


@commands.command()
def answer(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let the phone that rings answer.

    Example: softswitch call answer 01k3x7zc9v4m2a.2
    """
    command(leg, "answer", as_json=as_json, config=config)


@commands.command()
def hold(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let the other party wait with music; the line is free meanwhile.

    Example: softswitch call hold 01k3x7zc9v4m2a.2
    """
    command(leg, "hold", as_json=as_json, config=config)


@commands.command()
def connect(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Talk again with whoever waits on hold.

    Example: softswitch call connect 01k3x7zc9v4m2a.2
    """
    command(leg, "connect", as_json=as_json, config=config)


@commands.command()
def keys(
    leg: LegArgument,
    keys: Annotated[str, typer.Argument(help="0 to 9, *, #, A to D.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Send the other party keys, as if they were pressed at the phone.

    Example: softswitch call keys 01k3x7zc9v4m2a.2 '12#'
    """
    command(leg, "keys", as_json=as_json, config=config, keys=keys)


@commands.command()
def park(
    leg: LegArgument,
    slot: Annotated[str, typer.Argument(help="1 to 20; the first that is free unless given.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the other party wait in a slot, from which anybody takes them, and leave.

    Example: softswitch call park 01k3x7zc9v4m2a.2
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.command(leg, "park", slot=slot)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['number']} waits in slot {found['slot']} until {found['until']}")


@commands.command()
def hangup(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """End a call; one that rings is declined.

    Example: softswitch call hangup 01k3x7zc9v4m2a.2
    """
    command(leg, "hangup", as_json=as_json, config=config)
