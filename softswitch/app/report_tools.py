"""Reports: a query of the catalogue over the call records, in the command's own process."""

from __future__ import annotations

import csv
import io
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from softswitch.core.errors import CommandError
from softswitch.directory.fields import did_you_mean
from softswitch.directory.site import Site
from softswitch.storage.record_store import database_file
from softswitch.storage.reports import REPORTS, Report

Cell = str | int | float | None


class Table(NamedTuple):
    """What a report came to."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


class Limits(NamedTuple):
    """What callers are counted by, of a queue by its name."""

    sla_s: Callable[[str], float] = lambda _: 20.0
    """Within which time they should be answered."""
    short_s: Callable[[str], float] = lambda _: 5.0
    """Who hangs up sooner does not count."""


def limits_of(site: Site | None, *, sla_s: float | None = None, short_s: float | None = None) -> Limits:
    """Return what each queue of a site says, or the same for all of them where it is given."""
    queues = {} if site is None else site.queues
    usual = Limits()
    own_sla_s = {name: queue.sla_s for name, queue in queues.items()}
    own_short_s = {name: queue.short_abandon_s for name, queue in queues.items()}
    return Limits(
        lambda queue: own_sla_s.get(queue, usual.sla_s(queue)) if sla_s is None else sla_s,
        lambda queue: own_short_s.get(queue, usual.short_s(queue)) if short_s is None else short_s,
    )


def run_report(directory: Path, name: str, *, since: str, until: str, limits: Limits | None = None) -> Table:
    """Run a report over the embedded database, which may be written meanwhile.

    Args:
        directory: the storage directory.
        name: of the report.
        since: ISO 8601 in UTC, inclusive.
        until: the same, exclusive.
        limits: what callers are counted by; the usual ones where not given.

    Raises:
        CommandError: there is no such report, or no records.
    """
    report = _report(name)
    sla_s, short_s = limits or Limits()
    try:
        with closing(sqlite3.connect(f"file:{database_file(directory)}?mode=ro", uri=True)) as connection:
            connection.create_function("sla_s", 1, sla_s, deterministic=True)
            connection.create_function("short_s", 1, short_s, deterministic=True)
            rows = connection.execute(report.sql, {"since": since, "until": until}).fetchall()
    except sqlite3.Error as error:
        message = f"The call records in {directory} cannot be read: {error}"
        raise CommandError(message, status=503, error_id="no-records") from error
    return Table(tuple(report.columns), rows)


def _report(name: str) -> Report:
    found = REPORTS.get(name)
    if found is None:
        message = f"There is no report {name}; write {did_you_mean(name, REPORTS, 'one of: softswitch report --list')}"
        raise CommandError(message, status=404, error_id="unknown-report", field="name")
    return found


def columns_of(name: str) -> Sequence[tuple[str, str]]:
    """List the columns of a report: name and what it holds.

    Raises:
        CommandError: there is no such report.
    """
    return list(_report(name).columns.items())


def as_csv(table: Table) -> str:
    """Write a table as CSV (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue()


_PARTS: Final = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="'
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/'
    'sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="'
    'http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="report" sheetId="1" '
    'r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def as_xlsx(table: Table) -> bytes:
    """Write a table as a workbook of one sheet (ECMA-376, inline strings)."""
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in (table.columns, *table.rows))
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{lines}'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_PARTS, "xl/worksheets/sheet1.xml": f"{sheet}</sheetData></worksheet>"}.items():
            archive.writestr(name, _HEAD + text)
    return made.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def catalogue() -> Sequence[tuple[str, str]]:
    """List the reports: name and title."""
    return [(name, report.title) for name, report in REPORTS.items()]
