"""``softswitch call``: what is known about a call, and goes with it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption, LegArgument
from softswitch.cli.output import print_json
from softswitch.runtime.settings_file import load_settings

commands = typer.Typer()


@commands.command()
def info(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Tell what is known about a call: the customer, tags, and the notes of whoever had it.

    Example: softswitch call info 01k3x7zc9v4m2a.2
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.information(leg), as_json=as_json)


@commands.command()
def tag(
    leg: LegArgument,
    tags: Annotated[
        list[str] | None, typer.Argument(help="What it is about; none: what was said is taken back.")
    ] = None,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what a call is about.

    Example: softswitch call tag 01k3x7zc9v4m2a.2 invoice "late delivery"
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.tag(leg, tags or []), as_json=as_json)


@commands.command()
def note(
    leg: LegArgument,
    text: Annotated[str, typer.Argument(help="At most 1000 characters; empty: the note is taken away.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Write the note of a leg's user about their call, in the place of the one before.

    Example: softswitch call note 01k3x7zc9v4m2a.2 "Wants to be called back after six"
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.note(leg, text), as_json=as_json)


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    card = found["card"]
    typer.echo(" ".join(filter(None, (found["number"], found["name"]))) + f", dialled {found['dialled']}")
    if card is not None:
        responsible = f", looked after by {card['responsible']}" if card["responsible"] else ""
        typer.echo(f"{card['name']} {card['email']}".strip() + responsible)
    if found["tags"]:
        typer.echo("tags: " + ", ".join(found["tags"]))
    for each in found["notes"]:
        typer.echo(f"{each['at']} {each['user']}: {each['text']}")
