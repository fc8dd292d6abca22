"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path | None, typer.Option("--config", help="The settings; softswitch.toml by default.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for programs.")]
LegArgument = Annotated[str, typer.Argument(help="Of the user's call: see 'softswitch call list'.")]
UserArgument = Annotated[str, typer.Argument(help="Name of the user.")]
NumberArgument = Annotated[str, typer.Argument(help="An extension, or a number outside; asked for unless given.")]
CallerIdOption = Annotated[str, typer.Option(help="The own number that is shown outside; else the trunk's usual one.")]
RouteOption = Annotated[str, typer.Option(help="By which a number outside is reached: one of the user's routes.")]
