"""``softswitch upgrade``: the running switch goes on with the code that is installed now."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Final

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption
from softswitch.cli.output import print_table
from softswitch.core.errors import CommandError
from softswitch.runtime.settings_file import load_settings

_PATIENCE_S: Final = 60.0
_LOOK_S: Final = 0.2


def upgrade(*, config: ConfigOption = None) -> None:
    """Let the running switch go on with the program that is installed now; no call ends.

    Install the new version into the same environment first. Signalling and journal are started anew at once; new media
    workers stand beside the old ones, which end with their last call.

    Example: pip install --upgrade softswitch && softswitch upgrade
    """
    directory = load_settings(config).storage.directory
    before = _ask(directory)
    old = {process["pid"] for process in before["processes"]}
    supervisor = next(process["pid"] for process in before["processes"] if process["role"] == "supervisor")
    os.kill(supervisor, signal.SIGUSR2)
    after = _await_others(directory, old - {supervisor})
    rows = [
        (each["role"], each["pid"], "old, until its last call ends" if each["pid"] in old else "new")
        for each in after["processes"]
        if each["pid"] != supervisor
    ]
    print_table(("process", "pid", f"softswitch {after['version']}"), rows, empty="No process is known.")


def _ask(directory: Path) -> dict[str, Any]:
    with SwitchClient(directory) as switch:
        return switch.status()


def _await_others(directory: Path, old: set[int]) -> dict[str, Any]:
    """Wait until every role has a process that was not there before."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        time.sleep(_LOOK_S)
        try:
            found = _ask(directory)
        except CommandError:  # its signalling is being started
            continue
        new = {each["role"] for each in found["processes"] if each["pid"] not in old}
        if new >= {"brain", "worker", "writer"}:
            return found
    raise CommandError("The new processes did not start; see the log.", status=504, error_id="not-upgraded")
