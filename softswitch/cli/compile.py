"""``softswitch compile``: machine code for the media workers' loops."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.app.loops_tools import make_loops


def compile(
    *,
    generic: Annotated[
        bool, typer.Option("--generic", help="For any processor of this kind, not for this machine's alone.")
    ] = False,
) -> None:
    """Make machine code of what media workers do with each packet: a sixth to a quarter less processor time.

    Done once, and again after an upgrade; workers use it from their next start. It takes some seconds, and needs
    pip install 'softswitch[compile]', a C compiler and Python's headers (apt install gcc python3-dev).

    Example: softswitch compile
    """
    typer.echo("Compiling the media workers' loops ...", err=True)
    print(f"made {make_loops(generic=generic)}")
