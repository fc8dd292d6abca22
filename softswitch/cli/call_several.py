"""``softswitch call``: several together, and those who supervise them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from softswitch.cli.call_output import command
from softswitch.cli.options import (
    ConfigOption,
    JsonOption,
    LegArgument,
)

commands = typer.Typer()

SupervisorArgument = Annotated[str, typer.Argument(help="Name of the user who supervises.")]
FollowOption = Annotated[
    str, typer.Option(help="agent: on to the user's next call; conversation: with this one, whoever talks in it.")
]


@commands.command()
def conference(
    leg: LegArgument,
    number: Annotated[str, typer.Argument(help="Who is called, to come in; without it whoever waits comes in.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Press the conference button: with a number to call somebody, without to join whoever waits.

    Example: softswitch call conference 01k3x7zc9v4m2a.1 103
    """
    command(leg, "conference", as_json=as_json, config=config, number=number)


@commands.command()
def mute(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let nobody hear a leg; it hears the others.

    Example: softswitch call mute 01k3x7zc9v4m2a.2
    """
    command(leg, "mute", as_json=as_json, config=config, wanted=True)


@commands.command()
def unmute(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let a leg be heard again.

    Example: softswitch call unmute 01k3x7zc9v4m2a.2
    """
    command(leg, "mute", as_json=as_json, config=config, wanted=False)


def _supervise(mode: str) -> Callable[..., None]:
    def give(
        supervisor: SupervisorArgument,
        leg: LegArgument,
        *,
        follow: FollowOption = "agent",
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        command(leg, "supervise", as_json=as_json, config=config, supervisor=supervisor, mode=mode, follow=follow)

    return give


_SUPERVISION: Final = {
    "listen": "hear the talk of a user, heard by nobody",
    "whisper": "hear the talk of a user and speak to them alone: the other party does not hear it",
    "barge": "hear the talk of a user and speak to both parties",
}

for _mode, _what in _SUPERVISION.items():
    _help = f"""Let a supervisor {_what}. Their phone rings, unless they supervise already.

    Example: softswitch call {_mode} vera 01k3x7zc9v4m2a.2
    """
    commands.command(_mode, help=_help)(_supervise(_mode))
