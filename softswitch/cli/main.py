"""The command line: one command a file, registered in :data:`COMMANDS` by one line each.

Exit codes: 0 done, 1 the thing asked for failed, 2 the command line or a file is wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Final

import typer

from softswitch import __version__
from softswitch.core.errors import ConfigurationError, SoftswitchError

COMMANDS: Final = {
    "run": "softswitch.cli.run",
    "load": "softswitch.cli.load",
    "check": "softswitch.cli.check",
    "upgrade": "softswitch.cli.upgrade",
    "status": "softswitch.cli.status",
    "registrations": "softswitch.cli.registrations",
    "calls": "softswitch.cli.calls",
    "call": "softswitch.cli.call",
    "conferences": "softswitch.cli.conferences",
    "subscriptions": "softswitch.cli.subscriptions",
    "phone": "softswitch.cli.phone",
    "trunks": "softswitch.cli.trunks",
    "token": "softswitch.cli.token",
    "bans": "softswitch.cli.bans",
    "trace": "softswitch.cli.trace",
    "agents": "softswitch.cli.agents",
    "agent": "softswitch.cli.agent",
    "queues": "softswitch.cli.queues",
    "why": "softswitch.cli.why",
    "report": "softswitch.cli.report",
    "replay": "softswitch.cli.replay",
    "whatif": "softswitch.cli.whatif",
    "statuses": "softswitch.cli.statuses",
    "journal": "softswitch.cli.journal",
    "records": "softswitch.cli.records",
    "recordings": "softswitch.cli.recordings",
    "backup": "softswitch.cli.backup",
    "restore": "softswitch.cli.restore",
    "scenario": "softswitch.cli.scenario",
    "voicemail": "softswitch.cli.voicemail",
    "webhooks": "softswitch.cli.webhooks",
    "codecs": "softswitch.cli.codecs",
    "compile": "softswitch.cli.compile",
    "bench": "softswitch.cli.bench",
    "prompts": "softswitch.cli.prompts",
}
"""Each command's module, which has a function of the command's name, or a ``typer.Typer`` where it has subcommands."""

_COMPUTING: Final = frozenset(
    {"load", "check", "report", "replay", "whatif", "journal", "records", "recordings", "backup", "scenario"}
)
"""Commands that may compute for seconds, perhaps beside a switch."""
_PRIORITY: Final = 5
"""How much they give way: calls go before (``nice``)."""


def _version(*, wanted: bool) -> None:
    if wanted:
        print(f"softswitch {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    del version


def build(names: Iterable[str]) -> typer.Typer:
    """Make the command line with these commands; only their modules are imported."""
    app = typer.Typer(
        name="softswitch",
        help="A SIP telephone switch. Start it with 'softswitch run'.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
    )
    app.callback()(_options)
    for name in names:
        command = getattr(import_module(COMMANDS[name]), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """Run the command line, and tell what is wrong without a traceback."""
    # A command that is named is the only one imported: 'status' need not wait for what 'run' needs.
    names = sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in COMMANDS else COMMANDS
    if _COMPUTING.intersection(sys.argv[1:2]):
        os.nice(_PRIORITY)
    try:
        build(names)()
    except ConfigurationError as error:
        print(f"softswitch: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except SoftswitchError as error:
        print(f"softswitch: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
