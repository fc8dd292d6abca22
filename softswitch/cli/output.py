"""How commands print: one JSON document for programs, a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from rich.table import Table

_WIDE: Final = 1000


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or one sentence when it has no row.

    Args:
        columns: the headings.
        rows: one cell a column.
        empty: the sentence.
    """
    from rich.console import Console

    made = make_table(columns, rows, empty=empty)
    if isinstance(made, str):
        typer.echo(made)
    else:
        console = Console()
        if not console.is_terminal:
            console.width = _WIDE  # nothing is folded for whoever greps
        console.print(made)


def make_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> Table | str:
    """Make a table, or the sentence where it has no row."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    lines = [[Text(str(cell)) for cell in row] for row in rows]
    if not lines:
        return empty
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for line in lines:
        table.add_row(*line)
    return table


def print_alarm(text: str) -> None:
    """Print a sentence in red."""
    typer.secho(text, fg=typer.colors.RED)
