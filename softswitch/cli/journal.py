"""``softswitch journal``: reading the facts on disk, whether the switch runs or not."""

from __future__ import annotations

from typing import Annotated

import typer

from softswitch.app.journal_tools import shown_facts, verify_journal
from softswitch.app.shown_facts import ShownFact
from softswitch.cli.options import ConfigOption
from softswitch.runtime.settings_file import load_settings

journal = typer.Typer(name="journal", help="Read the facts on disk, whether the switch runs or not.")

ConversationOption = Annotated[str, typer.Option(help="Only the facts of this conversation.")]
FromOption = Annotated[int, typer.Option("--from", min=1, help="The number of the first fact.")]


@journal.command()
def show(*, conversation: ConversationOption = "", first: FromOption = 1, config: ConfigOption = None) -> None:
    """Print facts, one a line: number, time, conversation, name, fields. Secrets are hidden.

    Example: softswitch journal show --conversation 1kbz3q8w5x2y9a
    """
    directory = load_settings(config).storage.directory
    for item in shown_facts(directory, conversation_id=conversation, from_sequence=first):
        typer.echo(str(item), err=not isinstance(item, ShownFact))


@journal.command()
def export(
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line; there is no other form yet.")] = True,
    conversation: ConversationOption = "",
    first: FromOption = 1,
    config: ConfigOption = None,
) -> None:
    """Write facts for programs, one JSON object a line on stdout; gaps on stderr. Secrets are hidden.

    Example: softswitch journal export --jsonl --from 1000 > facts.jsonl
    """
    del jsonl
    directory = load_settings(config).storage.directory
    for item in shown_facts(directory, conversation_id=conversation, from_sequence=first):
        shown = isinstance(item, ShownFact)
        typer.echo(item.json() if isinstance(item, ShownFact) else str(item), err=not shown)


@journal.command()
def verify(*, config: ConfigOption = None) -> None:
    """Read all facts and say exactly which are missing; exit code 1 when some are.

    Example: softswitch journal verify
    """
    found = verify_journal(load_settings(config).storage.directory)
    for gap in found.gaps:
        typer.echo(str(gap))
    span = f", {found.first_sequence} to {found.last_sequence}" if found.records else ""
    typer.echo(f"{found.records} facts in {found.segments} segments{span}")
    if found.gaps:
        raise typer.Exit(1)
