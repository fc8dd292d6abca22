"""The command line: one command a file, registered here by one line each.

Exit codes: 0 done, 1 the thing asked for failed, 2 the command line or a file is wrong.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from softswitch import __version__
from softswitch.cli.calls import calls
from softswitch.cli.check import check
from softswitch.cli.journal import journal
from softswitch.cli.load import load
from softswitch.cli.registrations import registrations
from softswitch.cli.run import run
from softswitch.cli.status import status
from softswitch.core.errors import ConfigurationError, SoftswitchError

app = typer.Typer(
    name="softswitch",
    help="A SIP telephone switch. Start it with 'softswitch run'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

app.command()(run)
app.command()(load)
app.command()(check)
app.command()(status)
app.command()(registrations)
app.command()(calls)
app.add_typer(journal)


def _version(*, wanted: bool) -> None:
    if wanted:
        print(f"softswitch {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line, and tell what is wrong without a traceback."""
    try:
        app()
    except ConfigurationError as error:
        print(f"softswitch: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except SoftswitchError as error:
        print(f"softswitch: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
