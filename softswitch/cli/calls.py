"""``softswitch calls``: the conversations that are going on."""

from __future__ import annotations

from typing import Any, Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("conversation", "state", "leg", "user", "number", "leg's state", "codec", "MOS")


def calls(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the conversations that are going on, with their legs.

    Example: softswitch calls --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.calls()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            call["conversation_id"],
            call["state"],
            *(leg[name] for name in ("leg", "user", "number", "state", "codec")),
            _mos(leg["quality"]),
        )
        for call in found
        for leg in call["legs"]
    ]
    print_table(_COLUMNS, rows, empty="No call is going on.")


def _mos(quality: dict[str, Any] | None) -> str:
    """Say how good a leg sounds, from the phone and to it; a dash where it is not measured."""
    if quality is None:
        return ""
    return " / ".join(f"{quality[name]:.1f}" if quality[name] else "-" for name in ("mos_in", "mos_out"))
