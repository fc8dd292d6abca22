"""``softswitch statuses``: the statuses that there are, and what each permits."""

from __future__ import annotations

from typing import Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("preset", "status", "", "code", "set by", "permits")


def statuses(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the statuses of all presets, the site's own among them, with what each permits.

    Example: softswitch statuses --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.statuses()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            row["preset"],
            row["name"],
            row["label_ru"],
            row["code"],
            row["set_by"],
            " ".join(
                right if value == "true" else f"({right})" for right, value in row["rights"].items() if value != "false"
            ),
        )
        for row in found
    ]
    print_table(_COLUMNS, rows, empty="There is no status.")
    print("(right): only with the user's call_waiting switched on.")
