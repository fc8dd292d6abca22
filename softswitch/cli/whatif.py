"""``softswitch whatif``: the arrivals of the past, with another strategy or other agents."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from softswitch.app.report_tools import limits_of
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.cli.period import LATEST, FromOption, ToOption
from softswitch.core.errors import CommandError
from softswitch.directory.store import read_site
from softswitch.runtime.settings_file import load_settings
from softswitch.simulation.what_if import ASSUMPTIONS, Figures, bars, database_of, happened, read_past, run

_LINES: Final = (
    ("calls", "calls"),
    ("answered", "answered"),
    ("abandoned", "abandoned or sent on"),
    ("service_level", "within the time, %"),
    ("mean_wait_s", "mean wait, s"),
    ("longest_wait_s", "longest wait, s"),
    ("load", "agents' load, %"),
)


def whatif(
    *,
    since: FromOption,
    until: ToOption = LATEST,
    strategy: Annotated[str, typer.Option(help="Of all queues; their own unless given.")] = "",
    agents: Annotated[int, typer.Option(help="How many more agents, or fewer: +1, -2.")] = 0,
    sla: Annotated[
        float | None, typer.Option(help="Within how many seconds callers should be answered; by each queue's sla_s.")
    ] = None,
    answer: Annotated[float, typer.Option(help="How many seconds a phone rings before it is answered.")] = 4.0,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Let the queues' calls of the past come once more through the same router, with other rules or people.

    Example: softswitch whatif --from 2026-11-23 --to 2026-11-24 --strategy longest_idle --agents +1
    """
    settings = load_settings(config)
    compiled = read_site(settings.storage.directory, domain=settings.sip.domain)
    if compiled is None:
        raise CommandError("No site is loaded", status=404, error_id="no-site")
    past = read_past(database_of(settings.storage.directory), compiled.site, since, until)
    limits = limits_of(compiled.site, sla_s=sla)
    figures = {
        "happened": happened(past, limits),
        "again": run(past, compiled.site, limits, answer_s=answer),
        "what if": run(past, compiled.site, limits, strategy=strategy, agents=agents, answer_s=answer),
    }
    if as_json:
        told = {name: {field: getattr(each, field) for field, _ in _LINES} for name, each in figures.items()}
        print_json({**told, "assumptions": ASSUMPTIONS})
        return
    _print(figures)


def _print(figures: dict[str, Figures]) -> None:
    rows = [[title, *(round(getattr(each, field), 1) for each in figures.values())] for field, title in _LINES]
    print_table(("", *figures), rows, empty="")
    for name, each in figures.items():
        print_table((f"waits, {name}", "calls", ""), bars(each.waits), empty="")
    typer.echo("Assumed: " + "; ".join(ASSUMPTIONS) + ".")
