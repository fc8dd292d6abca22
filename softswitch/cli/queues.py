"""``softswitch queues``: who waits, who serves, and the day in numbers."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = (
    "queue", "extension", "waiting", "longest", "talking", "free", "agents", "answered", "abandoned", "service level",
)  # fmt: skip
_ENTRY_COLUMNS: Final = ("place", "number", "", "state", "waited", "still about", "agents")


def queues(
    name: Annotated[str, typer.Argument(help="One queue, with its line; all unless given.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the queues: who waits and for how long, who is free, today's figures.

    Example: softswitch queues support
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = [switch.queue(name)] if name else switch.queues()
    if as_json:
        print_json(found[0] if name else found)
        return
    print_table(_COLUMNS, map(_row, found), empty="The site has no queues.")
    if name:
        print_table(_ENTRY_COLUMNS, map(_entry_row, found[0]["waiting_entries"]), empty="Nobody waits.")
        typer.echo("agents: " + ", ".join(f"{user} {state}" for user, state in found[0]["agents"].items()))
        typer.echo(f"service level: {found[0]['service_level_formula']}, sla_s {found[0]['sla_s']:g}")


def _row(queue: dict[str, Any]) -> list[object]:
    states = list(queue["agents"].values())
    level = queue["service_level"]
    return [
        queue["name"],
        queue["extension"],
        queue["waiting"],
        _time(queue["longest_wait_s"]),
        queue["served"],
        states.count("free"),
        len(states) - states.count("logged out"),
        queue["answered"],
        queue["abandoned"],
        "" if level is None else f"{level:.0f} %",
    ]


def _entry_row(entry: dict[str, Any]) -> list[object]:
    estimate = entry["estimated_wait_s"]
    return [
        entry["position"] or "",
        entry["number"],
        entry["kind"],
        entry["state"],
        _time(entry["waited_s"]),
        "" if estimate is None else _time(estimate),
        " ".join(entry["agents"]),
    ]


def _time(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
