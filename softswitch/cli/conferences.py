"""``softswitch conferences``: who is together."""

from __future__ import annotations

from typing import Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("conversation", "room", "leg", "user", "number", "state", "muted", "moderator")


def conferences(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the conferences and the people in them.

    Example: softswitch conferences --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.conferences()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["conversation_id"],
            one["room"],
            member["leg"],
            member["user"],
            member["number"],
            member["state"],
            "muted" if member["muted"] else "",
            "moderates" if member["moderator"] else "",
        )
        for one in found
        for member in one["members"]
    ]
    print_table(_COLUMNS, rows, empty="There is no conference now.")
