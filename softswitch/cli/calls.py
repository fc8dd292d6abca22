"""``softswitch calls``: the conversations that are going on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import make_table, print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("conversation", "state", "leg", "user", "number", "leg's state", "codec", "MOS")
_EMPTY: Final = "No call is going on."
_EVERY_S: Final = 0.5


def calls(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Show changes as they come, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the conversations that are going on, with their legs.

    Example: softswitch calls --watch
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        if watch:
            _watch(switch.calls, as_json=as_json)
            return
        found = switch.calls()
    if as_json:
        print_json(found)
    else:
        print_table(_COLUMNS, _rows(found), empty=_EMPTY)


def _rows(found: list[dict[str, Any]]) -> list[Sequence[object]]:
    return [
        (
            call["conversation_id"],
            call["state"],
            *(leg[name] for name in ("leg", "user", "number", "state", "codec")),
            _mos(leg["quality"]),
        )
        for call in found
        for leg in call["legs"]
    ]


def _mos(quality: dict[str, Any] | None) -> str:
    """Say how good a leg sounds, from the phone and to it; a dash where it is not measured."""
    if quality is None:
        return ""
    return " / ".join(f"{quality[name]:.1f}" if quality[name] else "-" for name in ("mos_in", "mos_out"))


def _watch(ask: Callable[[], list[dict[str, Any]]], *, as_json: bool) -> None:
    """Print one line of JSON for each change, or keep a table up to date."""
    if as_json:
        before: list[dict[str, Any]] | None = None
        while True:
            if (found := ask()) != before:
                typer.echo(json.dumps(found, ensure_ascii=False))
                before = found
            time.sleep(_EVERY_S)
    from rich.live import Live

    with Live(make_table(_COLUMNS, _rows(ask()), empty=_EMPTY), auto_refresh=False) as screen:
        while True:
            screen.update(make_table(_COLUMNS, _rows(ask()), empty=_EMPTY), refresh=True)
            time.sleep(_EVERY_S)
