"""``softswitch trunks``: the trunks, and whether the switch is registered there."""

from __future__ import annotations

from typing import Any, Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_TITLES: Final = ("trunk", "host", "registered until", "last failure", "calls")


def trunks(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the trunks: registered until when, why not, and how many calls they carry now.

    Example: softswitch trunks --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.trunks()
    if as_json:
        print_json(found)
    else:
        print_table(_TITLES, [_row(trunk) for trunk in found], empty="There is no trunk.")


def _row(trunk: dict[str, Any]) -> list[object]:
    until = trunk["registered_until"] or ("not registered" if trunk["registers"] else "does not register")
    failure = f"{trunk['last_failure']} ({trunk['last_failure_at']})" if trunk["last_failure"] else ""
    return [trunk["name"], trunk["host"], until, failure, trunk["calls"]]
