"""``softswitch agent``: set a user's status, log a user in to queues and out of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json
from softswitch.runtime.settings_file import load_settings

agent = typer.Typer(no_args_is_help=True, help="Set a user's status; log a user in to queues and out of them.")

_User = Annotated[str, typer.Argument(help="Name of the user.")]
_Queue = Annotated[str, typer.Argument(help="Name of a queue; all that list the user unless given.")]


@agent.command("set")
def set_status(
    user: _User,
    status: Annotated[str, typer.Argument(help="Name of a status: see 'softswitch statuses'.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Set a user's status.

    Example: softswitch agent set anna unavailable
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.choose_status(user, status), as_json=as_json)


@agent.command()
def login(user: _User, queue: _Queue = "", *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Log a user in to a queue, or to all that list the user; all sets the status Ready too.

    Example: softswitch agent login anna support
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.log_into_queues(user, queue, logged_in=True), as_json=as_json)


@agent.command()
def logout(user: _User, queue: _Queue = "", *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Log a user out of a queue, or of all.

    Example: softswitch agent logout anna
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.log_into_queues(user, queue, logged_in=False), as_json=as_json)


@agent.command()
def ready(user: _User, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """End a user's wrap-up: ready for work.

    Example: softswitch agent ready anna
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.end_work(user, "wrap-up"), as_json=as_json)


@agent.command()
def unblock(user: _User, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let a user who missed a call of a queue take calls again.

    Example: softswitch agent unblock anna
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell(switch.end_work(user, "block"), as_json=as_json)


@agent.command()
def forward(
    user: _User,
    kind: Annotated[str, typer.Argument(help="When: always, busy, no_answer or offline.")],
    target: Annotated[
        str, typer.Argument(help="An extension or a number outside; nowhere any more unless given.")
    ] = "",
    *,
    after: Annotated[float, typer.Option(help="Seconds that phones ring first, for no_answer.")] = 20.0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a user's calls go elsewhere; without a target no more.

    Example: softswitch agent forward anna no_answer 102 --after 15
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell_forwards(switch.forward(user, kind, target, after), as_json=as_json)


@agent.command()
def dnd(
    user: _User,
    wanted: Annotated[str, typer.Argument(help="on or off.", metavar="on|off")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Refuse a user's calls, whatever the status; or offer them again.

    Example: softswitch agent dnd anna on
    """
    if wanted not in {"on", "off"}:
        raise typer.BadParameter(f"{wanted!r}: write on or off")
    with SwitchClient(load_settings(config).storage.directory) as switch:
        _tell_forwards(switch.refuse_calls(user, wanted=wanted == "on"), as_json=as_json)


def _tell_forwards(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    forwards = [f"{kind} to {one['target']}" for kind, one in found["forwards"].items()]
    disturbed = ["do not disturb"] if found["do_not_disturb"] else []
    typer.echo(f"{found['user']}: {', '.join([*forwards, *disturbed]) or 'calls ring at the phones'}")


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    queues = ", ".join(found["queues"]) or "no queue"
    typer.echo(f"{found['user']}: {found['status']} ({found['label_ru']}), logged in to {queues}")
