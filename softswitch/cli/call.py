"""``softswitch call``: control of the calls on users' lines, without touching a phone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.cli.options import (
    CallerIdOption,
    ConfigOption,
    JsonOption,
    LegArgument,
    NumberArgument,
    RouteOption,
    UserArgument,
)
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

SupervisorArgument = Annotated[str, typer.Argument(help="Name of the user who supervises.")]
FollowOption = Annotated[
    str, typer.Option(help="agent: on to the user's next call; conversation: with this one, whoever talks in it.")
]

call = typer.Typer(no_args_is_help=True, help="Control the calls on users' lines: dial, hold, transfer, consult ...")

_COLUMNS: Final = ("leg", "state", "with", "", "direction", "consultation", "codec", "since")
_TARGETS: Final = ("kind", "name", "number", "", "status", "why not")


@call.command("list")
def list_calls(user: UserArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List a user's calls.

    Example: softswitch call list anna --json
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        tell_line(switch.line(user), as_json=as_json)


@call.command()
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


@call.command()
def pickup(
    user: UserArgument, number: NumberArgument = "", *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Let a user's phone take the call that rings at an extension.

    Example: softswitch call pickup anna 102
    """
    wanted = asked_number(number)
    with SwitchClient(load_settings(config).storage.directory) as switch:
        tell_line(switch.pick_up(user, wanted), as_json=as_json)


@call.command()
def answer(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let the phone that rings answer.

    Example: softswitch call answer 01k3x7zc9v4m2a.2
    """
    command(leg, "answer", as_json=as_json, config=config)


@call.command()
def hold(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let the other party wait with music; the line is free meanwhile.

    Example: softswitch call hold 01k3x7zc9v4m2a.2
    """
    command(leg, "hold", as_json=as_json, config=config)


@call.command()
def connect(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Talk again with whoever waits on hold.

    Example: softswitch call connect 01k3x7zc9v4m2a.2
    """
    command(leg, "connect", as_json=as_json, config=config)


@call.command()
def keys(
    leg: LegArgument,
    keys: Annotated[str, typer.Argument(help="0 to 9, *, #, A to D.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Send the other party keys, as if they were pressed at the phone.

    Example: softswitch call keys 01k3x7zc9v4m2a.2 '12#'
    """
    command(leg, "keys", as_json=as_json, config=config, keys=keys)


@call.command()
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


@call.command()
def park(
    leg: LegArgument,
    slot: Annotated[str, typer.Argument(help="1 to 20; the first that is free unless given.")] = "",
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the other party wait in a slot, from which anybody takes them, and leave.

    Example: softswitch call park 01k3x7zc9v4m2a.2
    """
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.command(leg, "park", slot=slot)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['number']} waits in slot {found['slot']} until {found['until']}")


@call.command()
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


@call.command()
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


@call.command()
def hangup(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """End a call; one that rings is declined.

    Example: softswitch call hangup 01k3x7zc9v4m2a.2
    """
    command(leg, "hangup", as_json=as_json, config=config)


@call.command()
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


@call.command()
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


@call.command()
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


@call.command()
def cancel(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """End a consultation, and talk with the other party again.

    Example: softswitch call cancel 01k3x7zc9v4m2a.2
    """
    command(leg, "cancel", as_json=as_json, config=config)


@call.command()
def toggle(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Talk with the other one of the two of a consultation.

    Example: softswitch call toggle 01k3x7zc9v4m2a.2
    """
    command(leg, "toggle", as_json=as_json, config=config)


@call.command()
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


@call.command()
def mute(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let nobody hear a leg; it hears the others.

    Example: softswitch call mute 01k3x7zc9v4m2a.2
    """
    command(leg, "mute", as_json=as_json, config=config, wanted=True)


@call.command()
def unmute(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Let a leg be heard again.

    Example: softswitch call unmute 01k3x7zc9v4m2a.2
    """
    command(leg, "mute", as_json=as_json, config=config, wanted=False)


@call.command()
def listen(
    supervisor: SupervisorArgument,
    leg: LegArgument,
    *,
    follow: FollowOption = "agent",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a supervisor hear the talk of a user, heard by nobody: their phone rings, unless they supervise already.

    Example: softswitch call listen vera 01k3x7zc9v4m2a.2
    """
    command(leg, "supervise", as_json=as_json, config=config, supervisor=supervisor, mode="listen", follow=follow)


@call.command()
def whisper(
    supervisor: SupervisorArgument,
    leg: LegArgument,
    *,
    follow: FollowOption = "agent",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a supervisor hear the talk of a user and speak to them alone: the other party does not hear it.

    Example: softswitch call whisper vera 01k3x7zc9v4m2a.2
    """
    command(leg, "supervise", as_json=as_json, config=config, supervisor=supervisor, mode="whisper", follow=follow)


@call.command()
def barge(
    supervisor: SupervisorArgument,
    leg: LegArgument,
    *,
    follow: FollowOption = "agent",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a supervisor hear the talk of a user and speak to both parties.

    Example: softswitch call barge vera 01k3x7zc9v4m2a.2
    """
    command(leg, "supervise", as_json=as_json, config=config, supervisor=supervisor, mode="barge", follow=follow)


record = typer.Typer(no_args_is_help=True, help="Record a call, or no more.")
call.add_typer(record, name="record")


@record.command()
def start(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Record the call of a leg from now on.

    Example: softswitch call record start 01k3x7zc9v4m2a.2
    """
    _record(leg, wanted=True, as_json=as_json, config=config)


@record.command()
def stop(leg: LegArgument, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Record it no more; the next start begins another file.

    Example: softswitch call record stop 01k3x7zc9v4m2a.2
    """
    _record(leg, wanted=False, as_json=as_json, config=config)


def _record(leg: str, *, wanted: bool, as_json: bool, config: Path | None) -> None:
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.record(leg, wanted=wanted)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{leg}: {'recorded into' if wanted else 'was recorded into'} {' '.join(found['files'])}")


def asked_number(number: str) -> str:
    """Return the number, asked for at the terminal where it was not given."""
    if not number.strip() and sys.stdin.isatty():
        number = str(typer.prompt("Number"))
    if not number.strip():
        raise typer.BadParameter("a number is required", param_hint="NUMBER")
    return number


def command(leg: str, name: str, *, as_json: bool, config: Path | None, **wanted: object) -> None:
    """Give a command about a leg, and tell how the leg is then."""
    with SwitchClient(load_settings(config).storage.directory) as switch:
        found = switch.command(leg, name, **wanted)
    if as_json:
        print_json(found)
    else:
        party = f" with {found['party']}" if found["party"] else ""
        typer.echo(f"{found['leg']}: {found['state']}{party}")


def tell_line(found: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print a user's calls."""
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["leg"],
            one["state"],
            one["party"],
            one["party_name"],
            one["direction"],
            one["consultation"],
            one["codec"],
            one["since"],
        )
        for one in found
    ]
    print_table(_COLUMNS, rows, empty="No call is on this line.")
