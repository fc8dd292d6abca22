"""``softswitch report``: figures of the past, from the call records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.app.report_tools import Table, as_csv, as_xlsx, catalogue, columns_of, limits_of, run_report
from softswitch.cli.options import ConfigOption
from softswitch.cli.output import print_json, print_table
from softswitch.cli.period import EARLIEST, LATEST, FromOption, ToOption
from softswitch.directory.store import read_site
from softswitch.runtime.settings_file import load_settings

_FORMATS = ("table", "csv", "json", "xlsx")


def report(
    name: Annotated[str, typer.Argument(help="Name of the report; see --list.")] = "",
    *,
    listed: Annotated[bool, typer.Option("--list", help="List the reports, or the columns of one.")] = False,
    since: FromOption = EARLIEST,
    until: ToOption = LATEST,
    sla: Annotated[float | None, typer.Option(help="Within how many seconds callers should be answered.")] = None,
    short: Annotated[
        float | None, typer.Option(help="Who hangs up sooner than so many seconds does not count.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv, json or xlsx.")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; stdout unless given.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a report from the call records, whether the switch runs or not.

    Callers are counted by each queue's sla_s and short_abandon_s, unless --sla and --short say otherwise.

    Example: softswitch report queues --from yesterday --to today

    Example: softswitch report queues-by-day --from 2026-11-01 --to 2026-12-01 --format xlsx -o november.xlsx
    """
    if listed and name:
        print_table(("column", "what it holds"), columns_of(name), empty="")
        return
    if not name:
        print_table(("report", "what it tells"), catalogue(), empty="")
        return
    if form not in _FORMATS:
        raise typer.BadParameter(f"{form!r}: write one of {', '.join(_FORMATS)}", param_hint="--format")
    if form == "xlsx" and output is None:
        raise typer.BadParameter("a workbook goes into a file: name one", param_hint="--output")
    settings = load_settings(config)
    compiled = read_site(settings.storage.directory, domain=settings.sip.domain)
    limits = limits_of(None if compiled is None else compiled.site, sla_s=sla, short_s=short)
    table = run_report(settings.storage.directory, name, since=since, until=until, limits=limits)
    _write(table, form, output)


def _write(table: Table, form: str, output: Path | None) -> None:
    if form == "xlsx" and output is not None:
        output.write_bytes(as_xlsx(table))
    elif form == "csv":
        text = as_csv(table)
        typer.echo(text, nl=False) if output is None else output.write_text(text)
    elif form == "json":
        print_json([dict(zip(table.columns, row, strict=True)) for row in table.rows])
    else:
        print_table(table.columns, [["" if v is None else v for v in row] for row in table.rows], empty="No rows.")
