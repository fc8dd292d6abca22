"""``softswitch call``: what is asked of a user's line."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.call_output import asked_number, tell_line
from softswitch.cli.options import (
    CallerIdOption,
    ConfigOption,
    JsonOption,
    NumberArgument,
    RouteOption,
    UserArgument,
)
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

commands = typer.Typer()

_TARGETS: Final = ("kind", "name", "number", "", "status", "why not")


@commands.command("list")
def list_calls(user: UserArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List a user's calls.

    Example: softswitch call list anna --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        tell_line(switch.line(user), as_json=as_json)


@commands.command()
def dial(
    user: UserArgument,
    number: NumberArgument = "",
    *,
    route: RouteOption = "",
    caller_id: CallerIdOption = "",
    auto_answer: Annotated[bool, typer.Option(help="Let the user's phone answer by itself, where it can.")] = True,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Ring a user's phone, then a number for it.

    Example: softswitch call dial anna +74950000001 --route pstn
    """
    wanted = asked_number(number)
    with SwitchClient(load_settings(config).storage.directory) as switch:
        made = switch.dial(user, number=wanted, route=route, caller_id=caller_id, auto_answer=auto_answer)
        tell_line(made, as_json=as_json)


@commands.command()
def pickup(
    user: UserArgument, number: NumberArgument = "", *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Let a user's phone take the call that rings at an extension.

    Example: softswitch call pickup anna 102
    """
    wanted = asked_number(number)
    with SwitchClient(load_settings(config).storage.directory) as switch:
        tell_line(switch.pick_up(user, wanted), as_json=as_json)


@commands.command()
def retrieve(
    user: UserArgument,
    slot: Annotated[str, typer.Argument(help="Where somebody waits.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a user's phone take whoever waits in a slot.

    Example: softswitch call retrieve anna 1
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        tell_line(switch.retrieve(user, slot), as_json=as_json)


@commands.command()
def parked(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List who waits in slots.

    Example: softswitch call parked
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.parked()
    if as_json:
        print_json(found)
        return
    rows = [(one["slot"], one["number"], one["parked_by"], one["until"]) for one in found]
    print_table(("slot", "who", "parked by", "until"), rows, empty="Nobody is parked.")


@commands.command()
def targets(
    user: UserArgument,
    *,
    everybody: Annotated[bool, typer.Option("--all", help="Those who cannot be reached now too, and why.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List whom a user can transfer a call to now.

    Example: softswitch call targets anna --all
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.targets(user, everybody=everybody)
    if as_json:
        print_json(found)
        return
    rows = [(one["kind"], one["name"], one["number"], one["title"], one["status"], one["why_not"]) for one in found]
    print_table(_TARGETS, rows, empty="Nobody can be reached now.")
