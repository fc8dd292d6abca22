"""``softswitch calls``: the conversations that are going on."""

from __future__ import annotations

from typing import Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("conversation", "state", "leg", "user", "number", "leg's state", "codec")


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
        (call["conversation_id"], call["state"], leg["leg"], leg["user"], leg["number"], leg["state"], leg["codec"])
        for call in found
        for leg in call["legs"]
    ]
    print_table(_COLUMNS, rows, empty="No call is going on.")
