"""Text to session description: lenient where phones are careless, exact in what it refuses (RFC 8866 §9).

Taken: bare LF or CR as line end, a missing last one, blank lines, blanks at the end of a line, lines nobody knows, a
user name with blanks or none, a session id that is no number. Refused: another version than 0, no ``o=``, a line that
is not ``letter=value``, a malformed ``c=`` or ``m=``, an open stream without any address, a NUL.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from softswitch.core.errors import SdpError
from softswitch.sdp.model import Media, Origin, SessionDescription

LONGEST_CHARACTERS: Final = 16384
"""A browser's description with all its candidates has about a third of it; longer ones are an attack."""

_LONGEST_NUMBER: Final = 20


def parse_sdp(text: str) -> SessionDescription:
    """Parse a description; the same text gives the same object.

    Raises:
        SdpError: it is malformed (``status_hint`` 400).
    """
    if len(text) > LONGEST_CHARACTERS:
        raise SdpError(f"a description of more than {LONGEST_CHARACTERS} characters", 400)
    return _parse(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> SessionDescription:
    if "\0" in text:
        raise SdpError("a NUL in a description", 400)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    head, *sections = text.strip().split("\nm=")
    lines = head.split("\n")
    if lines[0].rstrip() != "v=0":
        raise SdpError("a description starts with v=0", 400)
    address, attributes = _read_lines(lines)
    media = tuple([_media(section, address) for section in sections])
    return SessionDescription(_origin(lines), address, media, attributes)


def _read_lines(lines: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Return the first connection address and all attributes of a session's or a stream's lines."""
    address = ""
    attributes: list[str] = []
    for line in lines:
        mark = line[:2]
        if mark == "a=":
            attributes.append(line[2:].strip())
        elif mark == "c=":
            address = address or _connection(line)
        elif mark[1:] != "=" and line.strip():
            raise SdpError(f"not a line of a description: {line[:40]!r}", 400)
    if "" in attributes:
        attributes = [attribute for attribute in attributes if attribute]
    return address, tuple(attributes)


def _connection(line: str) -> str:
    """Return the address of a ``c=`` line: it may be a host name, or a multicast group with its TTL."""
    parts = line[2:].split()
    if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in {"IP4", "IP6"}:
        raise SdpError(f"connection data is malformed: {line[:80]!r}", 400)
    return parts[2]


def _origin(lines: Iterable[str]) -> Origin:
    """Read the ``o=`` line from its end, because user names with blanks, and empty ones, are seen."""
    line = next((line for line in lines if line[:2] == "o="), "")
    parts = line[2:].split()
    if len(parts) < 5:
        raise SdpError(f"origin is missing or malformed: {line[:80]!r}", 400)
    return Origin(_tolerant_number(parts[-5]), _tolerant_number(parts[-4]), parts[-1])


def _tolerant_number(text: str) -> int:
    """Return the number, or 0 for what is none: nothing but a comparison of versions hangs on it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


def _media(section: str, session_address: str) -> Media:
    first, _, rest = section.partition("\n")
    kind, port, protocol, *formats = (*first.split(), "", "", "")[: max(3, len(first.split()))]
    if not protocol:
        raise SdpError(f"a media line is malformed: {first[:80]!r}", 400)
    address, attributes = _read_lines(rest.split("\n")) if rest else ("", ())
    number, _, count = port.partition("/")
    media = Media(
        kind.lower(),
        _port(number, first),
        protocol,
        tuple(formats) or ("0",),
        address,
        attributes,
        _port(count, first) if count else 1,
    )
    if media.port and not (address or session_address):
        raise SdpError("an open stream without a connection address", 400)
    return media


def _port(text: str, line: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise SdpError(f"a media line's port is malformed: {line[:80]!r}", 400)
    return int(text)
