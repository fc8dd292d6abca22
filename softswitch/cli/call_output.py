"""What the subcommands of ``softswitch call`` have in common: they ask the switch, and tell how it is then."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("leg", "state", "with", "", "direction", "consultation", "codec", "since")


def asked_number(number: str) -> str:
    """Return the number, asked for at the terminal where it was not given."""
    if not number.strip() and sys.stdin.isatty():
        number = str(typer.prompt("Number"))
    if not number.strip():
        raise typer.BadParameter("a number is required", param_hint="NUMBER")
    return number


def command(leg: str, name: str, *, as_json: bool, config: Path | None, **wanted: object) -> None:
    """Give a command about a leg, and tell how the leg is then."""
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.command(leg, name, **wanted)
    if as_json:
        print_json(found)
    else:
        party = f" with {found['party']}" if found["party"] else ""
        typer.echo(f"{found['leg']}: {found['state']}{party}")


def tell_line(found: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print a user's calls."""
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["leg"],
            one["state"],
            one["party"],
            one["party_name"],
            one["direction"],
            one["consultation"],
            one["codec"],
            one["since"],
        )
        for one in found
    ]
    print_table(_COLUMNS, rows, empty="No call is on this line.")
