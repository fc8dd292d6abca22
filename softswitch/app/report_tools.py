"""Reports: a query of the catalogue over the call records, in the command's own process."""

from __future__ import annotations

import csv
import io
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from softswitch.core.errors import CommandError
from softswitch.storage.record_store import database_file
from softswitch.storage.reports import REPORTS

Cell = str | int | float | None


class Table(NamedTuple):
    """What a report came to."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def run_report(
    directory: Path, name: str, *, since: str, until: str, sla_s: float = 20.0, short_s: float = 5.0
) -> Table:
    """Run a report over the embedded database, which may be written meanwhile.

    Args:
        directory: the storage directory.
        name: of the report.
        since: ISO 8601 in UTC, inclusive.
        until: the same, exclusive.
        sla_s: within which time callers should be answered.
        short_s: who hangs up sooner does not count.

    Raises:
        CommandError: there is no such report, or no records.
    """
    report = REPORTS.get(name)
    if report is None:
        message = f"There is no report {name}; see: softswitch report --list"
        raise CommandError(message, status=404, error_id="unknown-report", field="name")
    values = {"since": since, "until": until, "sla_s": sla_s, "short_s": short_s}
    try:
        with closing(sqlite3.connect(f"file:{database_file(directory)}?mode=ro", uri=True)) as connection:
            rows = connection.execute(report.sql, values).fetchall()
    except sqlite3.Error as error:
        message = f"The call records in {directory} cannot be read: {error}"
        raise CommandError(message, status=503, error_id="no-records") from error
    return Table(tuple(report.columns), rows)


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
