"""Draw every state machine of the switch into docs/states/, one page a table.

Usage: ``tools/draw_states.py`` writes the pages; ``tools/draw_states.py --check`` only says which are stale.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final, TypeVar

from softswitch.core.state_table import StateTable

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "states"

StateT = TypeVar("StateT", bound=Enum)
InputT = TypeVar("InputT", bound=Enum)


def main() -> int:
    """Write or check the pages; gives the exit status."""
    pages = {FOLDER / f"{slug(table.name)}.md": page_of(table, module) for table, module in find_tables(ROOT)}
    found = set(FOLDER.glob("*.md"))
    stale = [path for path, text in pages.items() if path not in found or path.read_text(encoding="utf-8") != text]
    stale += sorted(found - pages.keys())
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run tools/draw_states.py and commit it", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path in stale:
        if path in pages:
            path.write_text(pages[path], encoding="utf-8")
        else:
            path.unlink()
    return 0


def find_tables(root: Path) -> Iterator[tuple[StateTable[Enum, Enum], str]]:
    """Find every table of the package, with the module that holds it."""
    for path in sorted((root / "softswitch").rglob("*.py")):
        if "= StateTable(" not in path.read_text(encoding="utf-8"):
            continue
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, StateTable):
                yield value, module


def slug(name: str) -> str:
    """Return the file name of a machine, without its ending."""
    return name.lower().replace(" ", "-")


def page_of(table: StateTable[StateT, InputT], module: str) -> str:
    """Write the page of one machine: what leads from where to where, and what each word means."""
    lines = [f"# {table.name[0].upper()}{table.name[1:]}", ""]
    lines += [f"Drawn by `tools/draw_states.py` from the table in `{module}`.", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {a} --> {b}: {', '.join(inputs)}" for (a, b), inputs in _arrows(table).items()]
    lines += ["```", "", "| input | what it is |", "|---|---|"]
    lines += [f"| {name} | {meaning} |" for name, meaning in _words(table).items()]
    return "\n".join(lines) + "\n"


def _arrows(table: StateTable[StateT, InputT]) -> dict[tuple[str, str], list[str]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for before, given, after in table:
        arrows.setdefault((before.name, after.name), []).append(given.name)
    return arrows


def _words(table: StateTable[StateT, InputT]) -> dict[str, str]:
    return {given.name: str(given.value) for _, given, _ in table}


if __name__ == "__main__":
    sys.exit(main())
