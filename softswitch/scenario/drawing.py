"""Scenarios as pictures: Mermaid for pages that know it, SVG for everybody; reached steps may be shaded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from softswitch.scenario.model import Block, Placed, Scenario

_WIDTH, _HEIGHT, _GAP, _INDENT = 260, 30, 10, 28
_SHADED, _PLAIN, _LINE = "#cfe8cf", "#f4f4f4", "#888888"
_LONGEST: Final = 38


def mermaid(scenario: Scenario) -> str:
    """Draw a scenario as a Mermaid flow chart."""
    lines = ["flowchart TD", f'    start(["{_quoted(scenario.name)}"])']
    lines += _flow(scenario.steps, "start", "")
    return "\n".join(lines) + "\n"


def _flow(block: Block, before: str, label: str) -> Iterator[str]:
    for placed in block:
        node = "s" + placed.path.replace(".", "_").replace("*", "star").replace("#", "hash")
        yield f'    {node}["{_quoted(placed.step.label())}"]'
        yield f"    {before} -->{f'|{label}|' if label else ''} {node}"
        for name, inner in placed.step.blocks().items():
            yield from _flow(inner, node, name.rpartition(".")[2])
        before, label = node, ""


def _quoted(text: str) -> str:
    return text.replace('"', "'")


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the picture."""

    text: str
    depth: int
    path: str
    """Empty for what is no step: the name, and the word before a branch."""


def svg(scenario: Scenario, reached: Collection[str] = ()) -> str:
    """Draw a scenario as SVG, steps from top to bottom, branches indented.

    Args:
        scenario: what is drawn.
        reached: paths of steps that are shaded.
    """
    rows = [_Row(scenario.name, 0, ""), *_rows(scenario.steps, 0)]
    depth = max(row.depth for row in rows)
    width, height = _WIDTH + depth * _INDENT + 2 * _GAP, len(rows) * (_HEIGHT + _GAP) + _GAP
    body = "".join(_drawn(row, place, row.path in reached) for place, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="13">\n{body}</svg>\n'
    )


def _rows(block: Block, depth: int) -> Iterator[_Row]:
    for placed in block:
        yield _Row(placed.step.label(), depth, placed.path)
        yield from _branches(placed, depth)


def _branches(placed: Placed, depth: int) -> Iterator[_Row]:
    for name, inner in placed.step.blocks().items():
        word = _said_before(name)
        if word:
            yield _Row(f"{word}:", depth + 1, "")
        yield from _rows(inner, depth + 1 + bool(word))


def _said_before(block: str) -> str:
    """Return the word before a branch: ``key 2``, ``else``; none before the steps that are simply in it."""
    _, dot, key = block.rpartition(".")
    return f"key {key}" if dot else "" if key == "steps" else key


def _drawn(row: _Row, place: int, shaded: bool) -> str:
    x, y = _GAP + row.depth * _INDENT, _GAP + place * (_HEIGHT + _GAP)
    text = row.text if len(row.text) <= _LONGEST else f"{row.text[: _LONGEST - 1]}…"
    box = ""
    if row.path:
        fill = _SHADED if shaded else _PLAIN
        box = f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4" fill="{fill}" stroke="{_LINE}"/>'
    weight = "" if row.path else ' font-weight="bold"'
    return f'  {box}<text x="{x + 8}" y="{y + 20}"{weight}>{escape(text)}</text>\n'
