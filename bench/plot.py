"""A plot of lines as SVG, by hand: nothing has to be installed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 520, 70, 40, 230, 60
COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#8f5db7", "#c98b00", "#00808a", "#7a5230", "#e377c2", "#555555", "#9acd32")

Points = Sequence[tuple[float, float]]


def plot(path: Path, title: str, across: str, up: str, lines: Mapping[str, Points]) -> None:
    """Write lines over a common ground from 0 on.

    Args:
        path: of the file.
        title: above the plot.
        across, up: what the axes show.
        lines: by name, points in rising order.
    """
    points = [point for line in lines.values() for point in line]
    most_x, most_y = (1.05 * max(point[axis] for point in points) for axis in (0, 1))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / most_x

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most_y

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 22, title, size=16),
        _text(x(most_x / 2), HEIGHT - 14, across, anchor="middle"),
        _text(14, TOP - 8, up),
    ]
    for number in range(6):
        parts += [
            _rule(x(0), y(most_y * number / 5), x(most_x)),
            _text(LEFT - 8, y(most_y * number / 5) + 4, f"{most_y * number / 5:.3g}", anchor="end"),
        ]
        parts.append(_text(x(most_x * number / 5), HEIGHT - BOTTOM + 20, f"{most_x * number / 5:.0f}", anchor="middle"))
    for place, (name, line) in enumerate(lines.items()):
        colour = COLOURS[place % len(COLOURS)]
        dashes = ' stroke-dasharray="6 4"' if place >= len(COLOURS) or name.startswith("C ") else ""
        spots = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        parts.append(f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        key = TOP + 20 * place
        place_of_key = f'x1="{WIDTH - RIGHT + 15}" y1="{key}" x2="{WIDTH - RIGHT + 40}" y2="{key}"'
        parts.append(f'<line {place_of_key} stroke="{colour}" stroke-width="2"{dashes}/>')
        parts.append(_text(WIDTH - RIGHT + 46, key + 4, name))
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _rule(x: float, y: float, to_x: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
