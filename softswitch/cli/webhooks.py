"""``softswitch webhooks``: messages about calls that did not arrive yet."""

from __future__ import annotations

from dataclasses import asdict

from softswitch.app.webhook_backlog import backlog
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings


def webhooks(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the messages to webhooks that wait for another try, and those that were given up.

    Example: softswitch webhooks --json
    """
    found = backlog(load_settings(config).storage.directory)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [[m.webhook, m.event, str(m.attempts), "given up" if m.given_up else "waits", m.problem] for m in found]
    print_table(["webhook", "event", "tries", "", "problem"], rows, empty="Every message has arrived.")
