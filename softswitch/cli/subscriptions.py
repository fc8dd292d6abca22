"""``softswitch subscriptions``: what phones watch."""

from __future__ import annotations

from typing import Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("extension", "package", "resource", "contact", "state", "expires_s")


def subscriptions(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List what phones watch: lamps, messages, presence.

    Example: softswitch subscriptions --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.subscriptions()
    if as_json:
        print_json(found)
    else:
        rows = [[one[column] for column in _COLUMNS] for one in found]
        print_table((*_COLUMNS[:-1], "expires in, s"), rows, empty="No phone watches anything.")
