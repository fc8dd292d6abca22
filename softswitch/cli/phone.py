"""``softswitch phone``: orders to the phones of a user."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption
from softswitch.runtime.settings_file import load_settings

phone = typer.Typer(help="Orders to the phones of a user.", no_args_is_help=True)


@phone.callback()
def _orders() -> None:
    """Make ``resync`` a subcommand though it is the only one."""


@phone.command()
def resync(
    extension: Annotated[str, typer.Argument(help="Whose phones.")],
    *,
    reboot: Annotated[
        bool, typer.Option("--reboot", help="Start anew, not only read the configuration again.")
    ] = False,
    contact: Annotated[str, typer.Option(help="Only the phone of this Contact; see 'registrations'.")] = "",
    config: ConfigOption = None,
) -> None:
    """Let phones read their configuration again, each by the NOTIFY that its vendor wants.

    Example: softswitch phone resync 101 --reboot
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        for one in switch.resync(extension, reboot=reboot, contact=contact):
            print(f"{one['contact']}: {one['event']}")
