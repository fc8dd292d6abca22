"""The messages of a call as a ladder, one column a party, for the terminal and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

_COLUMN: Final = 34
_STEP: Final = 28
_WIDTH: Final = 260

Message = dict[str, Any]
"""As the API gives it (:class:`softswitch.api.view.MessageView`)."""


def parties(messages: Sequence[Message]) -> list[str]:
    """Return the peers in the order in which they appear; the switch stands left of them."""
    return list(dict.fromkeys(message["remote"] for message in messages))


def title_of(message: Message) -> str:
    """Return what stands on an arrow: the method with its user, or the status; and (SDP) where one is carried."""
    first = message["text"].partition("\r\n")[0]
    words = first.split(" ", 2)
    title = " ".join(words[1:]) if first.startswith("SIP/") else words[0]
    return title + (" (SDP)" if "\r\n\r\nv=0" in message["text"] else "")


def drawn(messages: Sequence[Message]) -> str:
    """Return the ladder as text."""
    columns = parties(messages)
    lines = [" " * 13 + "switch".ljust(_COLUMN) + "".join(name.ljust(_COLUMN) for name in columns)]
    for message in messages:
        reach = (columns.index(message["remote"]) + 1) * _COLUMN - 2
        label = f" {title_of(message)} "[: reach - 4]
        line = label.center(reach, "-")
        arrow = f"{line}>" if message["sent"] else f"<{line}"
        lines.append(f"{message['at'][11:23]} |{arrow}|")
    return "\n".join(lines)


def picture(messages: Sequence[Message]) -> str:
    """Return the ladder as SVG."""
    columns = ["switch", *parties(messages)]
    width, height = _WIDTH * len(columns), 60 + _STEP * len(messages)
    xs = [_WIDTH // 2 + _WIDTH * i for i in range(len(columns))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        'font-size="12"><defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
        '<path d="M0,0 L7,3 L0,6 z"/></marker></defs><rect width="100%" height="100%" fill="white"/>'
    ]
    for name, x in zip(columns, xs, strict=True):
        parts.append(f'<text x="{x}" y="20" text-anchor="middle">{escape(name)}</text>')
        parts.append(f'<line x1="{x}" y1="28" x2="{x}" y2="{height}" stroke="gray"/>')
    for number, message in enumerate(messages):
        y, far = 60 + _STEP * number, xs[columns.index(message["remote"])]
        start, end = (xs[0], far) if message["sent"] else (far, xs[0])
        parts.append(f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}" stroke="black" marker-end="url(#a)"/>')
        text = escape(f"{message['at'][11:23]}  {title_of(message)}")
        parts.append(f'<text x="{(start + end) // 2}" y="{y - 5}" text-anchor="middle">{text}</text>')
    return "\n".join([*parts, "</svg>\n"])
