"""Bodies of several parts (RFC 2046 §5.1, RFC 5621 §3): ISUP or a location beside the session description."""

from __future__ import annotations

from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.grammar import parse_parameters

MOST_PARTS: Final = 16
DEEPEST: Final = 2
"""How far a part may itself consist of parts."""


def find_part(content_type: str, body: bytes, wanted: str, *, depth: int = 1) -> bytes | None:
    """Return the first part of a media type; None where there is none, or where the body cannot be taken apart.

    Args:
        content_type: the value of the Content-Type header, which is a ``multipart``.
        body: the body.
        wanted: the media type, in lower case without parameters.
        depth: how deep this body stands in others.
    """
    for head, part in _parts(content_type, body):
        kind = _content_type(head)
        media = kind.partition(";")[0].strip().lower()
        if media == wanted:
            return part
        if media.startswith("multipart/") and depth < DEEPEST:
            found = find_part(kind, part, wanted, depth=depth + 1)
            if found is not None:
                return found
    return None


def _parts(content_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """Return head and content of each part."""
    boundary = _boundary(content_type)
    if not boundary:
        return []
    found = []
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_PARTS + 1)[1 : MOST_PARTS + 1]:
        if piece.startswith(b"--"):
            break
        head, separator, content = piece.lstrip(b" \t").partition(b"\r\n\r\n")
        if separator and head.startswith(b"\r\n"):
            found.append((head, content))
    return found


def _boundary(content_type: str) -> bytes:
    _, separator, parameters = content_type.partition(";")
    try:
        found = parse_parameters(separator + parameters).get("boundary")
    except SipError:
        return b""
    return (found or "").encode("utf-8", "surrogateescape")[:70]


def _content_type(head: bytes) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() in {"content-type", "c"}:
            return value.strip()
    return "text/plain"
