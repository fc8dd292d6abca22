"""Fill in the proofs of docs/behaviours.md from the marks of the tests.

A test proves rows by ``@pytest.mark.row("V-37")``, a scenario's test file by a line ``rows: [S-5]``. The last cell of
each row of the page is written by this program; everything else of the page is written by people.

Usage: ``tools/behaviours.py`` writes the page; ``tools/behaviours.py --check`` only says whether it is stale.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "behaviours.md"
NOT_YET: Final = "not yet"
MOST_ROWS: Final = 3
"""A test that names more rows proves little of each."""

_ROW: Final = re.compile(r"^\| ([MICVS]-[0-9]+) \|(.*)\|([^|]*)\|$")
_ID: Final = re.compile(r"[MICVS]-[0-9]+")
_SCENARIO_ROWS: Final = re.compile(r"^\s*rows:\s*\[([^\]]*)\]", re.MULTILINE)
_COUNTS: Final = re.compile(r"(?<=<!-- counts -->\n).*?(?=\n<!-- end of counts -->)", re.DOTALL)
_PRODUCTS: Final = {
    "M": "MANGO OFFICE statuses and wrap-up",
    "I": "Infinity call-control panel",
    "C": "3CX call-centre queues",
    "V": "Voximplant Kit operator workspace",
    "S": "CRM telephony: inbound scenarios",
}


def main() -> int:
    """Write or check the page; gives the exit status."""
    page = PAGE.read_text(encoding="utf-8")
    proofs, problems = find_proofs(ROOT)
    filled = fill_in(page, proofs)
    known = {match[1] for line in page.splitlines() if (match := _ROW.match(line))}
    problems += [f"no such row: {row} ({', '.join(proofs[row])})" for row in sorted(set(proofs) - known)]
    for problem in problems:
        print(f"tools/behaviours.py: {problem}", file=sys.stderr)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(filled, encoding="utf-8")
    elif filled != page:
        print("docs/behaviours.md is stale: run tools/behaviours.py and commit the page", file=sys.stderr)
        return 1
    return 1 if problems else 0


def find_proofs(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return the proofs by row, and what is wrong with the marks."""
    proofs: dict[str, list[str]] = {}
    problems: list[str] = []
    for title, rows in _marks(root):
        if len(rows) > MOST_ROWS:
            problems.append(f"{title} names {len(rows)} rows, more than {MOST_ROWS}")
        for row in rows:
            if title not in proofs.setdefault(row, []):
                proofs[row].append(title)
    return proofs, problems


def _marks(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Give every marked test with its rows, in the order of the files."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.row" in text:
            yield from _python_marks(ast.parse(text), str(path.relative_to(root)))
    for path in sorted((root / "scenarios").rglob("*.y*ml")):
        for found in _SCENARIO_ROWS.findall(path.read_text(encoding="utf-8")):
            if rows := _ID.findall(found):  # each line is one test's
                yield str(path.relative_to(root)), rows


def _python_marks(tree: ast.Module, file: str) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            rows = [row for decorator in node.decorator_list for row in _rows_of(decorator)]
            if rows:
                yield f"{file}::{node.name}", rows


def _rows_of(decorator: ast.expr) -> list[str]:
    """Return the rows of ``@pytest.mark.row(...)``, also where it stands among the cases of ``parametrize``."""
    return [
        argument.value
        for call in ast.walk(decorator)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "row"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def fill_in(page: str, proofs: dict[str, list[str]]) -> str:
    """Return the page with the last cell of every row, and the counts, as the marks say."""
    lines = []
    proven: dict[str, list[bool]] = {letter: [] for letter in _PRODUCTS}
    for line in page.splitlines():
        match = _ROW.match(line)
        if match is None:
            lines.append(line)
            continue
        row, text = match[1], match[2]
        proof = "<br>".join(f"`{title}`" for title in proofs.get(row, ())) or NOT_YET
        proven[row[0]].append(row in proofs)
        lines.append(f"| {row} |{text}| {proof} |")
    counted = ["| | rows | proven |", "|---|---|---|"]
    counted += [f"| {letter}: {_PRODUCTS[letter]} | {len(found)} | {sum(found)} |" for letter, found in proven.items()]
    return _COUNTS.sub(lambda _: "\n".join(counted), "\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
