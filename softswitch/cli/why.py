"""``softswitch why``: why a caller was given to whom, and who was passed over."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.app.queue_tools import explained
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json
from softswitch.core.clock import iso_utc
from softswitch.runtime.settings_file import load_settings


def why(
    call: Annotated[str, typer.Argument(help="A caller's number, for their last call, or a conversation's id.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tell in sentences what queues decided about a call: who was rung and why, who was passed over and why.

    Of a caller who waited it is told what the queue's agents did, and whom they took meanwhile. Ids of lost calls are
    listed by 'softswitch report abandoned'. The journal is read, whether the switch runs or not.

    Example: softswitch why 79161112233
    """
    found = explained(load_settings(config).storage.directory, call)
    if as_json:
        print_json([{"at": iso_utc(told.wall_s), "text": told.text} for told in found])
        return
    for told in found:
        typer.echo(f"{iso_utc(told.wall_s)}  {told.text}")
