"""``softswitch replay``: whether the router would decide today as it did."""

from __future__ import annotations

import typer

from softswitch.app import queue_tools
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json
from softswitch.runtime.settings_file import load_settings


def replay(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Decide again whatever the queues' router decided, from the facts before; exit code 1 where one differs.

    The journal is read, whether the switch runs or not.

    Example: softswitch replay
    """
    found = queue_tools.replay(load_settings(config).storage.directory)
    if as_json:
        print_json({"decisions": found.decisions, "differing": found.differing, "unknown": found.unknown})
    else:
        for place in found.differing:
            typer.echo(f"{place}: another decision")
        before = f"; {found.unknown} about callers who came before the journal begins" if found.unknown else ""
        typer.echo(f"{found.decisions} decisions, {found.decisions - len(found.differing)} the same again{before}")
    if found.differing:
        raise typer.Exit(1)
