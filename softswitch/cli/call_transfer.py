"""``softswitch call``: giving a call to somebody else, at once or after asking them."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.cli.call_output import asked_number, command
from softswitch.cli.options import (
    CallerIdOption,
    ConfigOption,
    JsonOption,
    LegArgument,
    NumberArgument,
    RouteOption,
)

commands = typer.Typer()


@commands.command()
def transfer(
    leg: LegArgument,
    number: NumberArgument = "",
    *,
    route: RouteOption = "",
    caller_id: CallerIdOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Transfer the other party at once; the call does not come back.

    Example: softswitch call transfer 01k3x7zc9v4m2a.2 103
    """
    command(
        leg, "transfer", as_json=as_json, config=config, number=asked_number(number), route=route, caller_id=caller_id
    )


@commands.command()
def consult(
    leg: LegArgument,
    number: NumberArgument = "",
    *,
    route: RouteOption = "",
    caller_id: CallerIdOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ask somebody while the other party waits; then confirm, cancel or toggle.

    Example: softswitch call consult 01k3x7zc9v4m2a.2 103
    """
    command(
        leg, "consult", as_json=as_json, config=config, number=asked_number(number), route=route, caller_id=caller_id
    )


@commands.command()
def confirm(
    leg: LegArgument,
    other_leg: Annotated[str, typer.Argument(help="A leg in another call of the same user, which is the target.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Bring the two together, and leave: the consultation's, or those of two calls of one user.

    Example: softswitch call confirm 01k3x7zc9v4m2a.2
    """
    command(leg, "confirm", as_json=as_json, config=config, other_leg=other_leg)


@commands.command()
def cancel(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """End a consultation, and talk with the other party again.

    Example: softswitch call cancel 01k3x7zc9v4m2a.2
    """
    command(leg, "cancel", as_json=as_json, config=config)


@commands.command()
def toggle(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Talk with the other one of the two of a consultation.

    Example: softswitch call toggle 01k3x7zc9v4m2a.2
    """
    command(leg, "toggle", as_json=as_json, config=config)
