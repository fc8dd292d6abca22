"""``softswitch token``: tokens of the HTTP API for programs that shall not do everything."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.api.token_file import TokenFile
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.runtime.settings_file import load_settings

token = typer.Typer(no_args_is_help=True, help="Make and withdraw tokens of the HTTP API.")

_Name = Annotated[str, typer.Argument(help="What the token is for: letters, digits, . _ -")]
_Role = Annotated[
    str, typer.Option(help="viewer sees; operator controls calls and statuses too; administrator does everything.")
]


_User = Annotated[
    str, typer.Option(help="The user whose own token it is: it commands their line and their conferences alone.")
]


@token.command()
def add(name: _Name, *, role: _Role = "viewer", user: _User = "", config: ConfigOption = None) -> None:
    """Make a token and print it, this once.

    Example: softswitch token add anna-page --role operator --user anna
    """
    directory = load_settings(config).storage.directory
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    typer.echo(TokenFile(directory).add(name, role, user))


@token.command()
def remove(name: _Name, *, config: ConfigOption = None) -> None:
    """Withdraw a token; it opens nothing any more, at once.

    Example: softswitch token remove crm
    """
    TokenFile(load_settings(config).storage.directory).remove(name)
    typer.echo(f"{name} is withdrawn")


@token.command("list")
def list_tokens(*, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the tokens by name, with their roles.

    Example: softswitch token list
    """
    found = TokenFile(load_settings(config).storage.directory).names()
    if as_json:
        print_json([{"name": name, "role": role, "user": user} for name, role, user in found])
    else:
        print_table(("name", "role", "user"), found, empty="There is only the administrator's token, in api.token.")
