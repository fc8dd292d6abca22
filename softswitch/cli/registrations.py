"""``softswitch registrations``: the phones that are registered."""

from __future__ import annotations

from typing import Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = ("extension", "contact", "source", "expires_s")


def registrations(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the registered phones.

    Example: softswitch registrations --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.registrations()
    if as_json:
        print_json(found)
    else:
        rows = [[phone[column] for column in _COLUMNS] for phone in found]
        print_table(("extension", "contact", "source", "expires in, s"), rows, empty="No phone is registered.")
