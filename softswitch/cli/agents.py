"""``softswitch agents``: who is there, and in which status."""

from __future__ import annotations

from typing import Any, Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

_COLUMNS: Final = (
    "user", "extension", "status", "", "for", "then", "phones", "in a call", "queues", "why unreachable",
)  # fmt: skip


def agents(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List all users with their statuses.

    Example: softswitch agents --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.agents()
    if as_json:
        print_json(found)
    else:
        print_table(_COLUMNS, map(_row, found), empty="The site has no users.")


def _row(agent: dict[str, Any]) -> list[object]:
    minutes, seconds = divmod(int(agent["in_status_s"]), 60)
    lasted = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if agent["since"] else ""
    busy, queues = "yes" if agent["busy"] else "", " ".join(agent["queues"])
    return [
        agent["user"],
        agent["extension"],
        agent["status"],
        agent["label_ru"],
        lasted,
        agent["planned"],
        agent["phones"],
        busy,
        queues,
        agent["why_unreachable"],
    ]
