"""``softswitch status``: the running switch in numbers."""

from __future__ import annotations

from typing import Any, Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_alarm, print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COUNTS: Final = ("calls", "legs", "dialogs", "transactions", "ports", "timers", "registrations")


def status(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show what the running switch does: calls, registrations, processes, alarms.

    Example: softswitch status --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.status()
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    print_table(("softswitch", found["version"]), [(name, found[name]) for name in _COUNTS], empty="")
    processes = [(process["role"], process["pid"]) for process in found["processes"]]
    print_table(("process", "pid"), processes, empty="No process is known.")
    for alarm in found["alarms"]:
        print_alarm(alarm)
