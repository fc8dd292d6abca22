"""``softswitch call``: control of the calls on users' lines, without touching a phone."""

from __future__ import annotations

import typer

from softswitch.cli import call_information, call_leg, call_line, call_several, call_transfer
from softswitch.cli.call_record import record

call = typer.Typer(no_args_is_help=True, help="Control the calls on users' lines: dial, hold, transfer, consult ...")
for part in (call_line, call_leg, call_transfer, call_several, call_information):
    call.add_typer(part.commands)
call.add_typer(record, name="record")
