"""Text to session description: lenient where phones are careless, exact in what it refuses (RFC 8866 §9).

Taken: bare LF or CR as line end, a missing last one, blank lines, blanks at the end of a line, lines nobody knows, a
user name with blanks or none, a session id that is no number. Refused: another version than 0, no ``o=``, a line that
is not ``letter=value``, a malformed ``c=`` or ``m=``, an open stream without any address, a NUL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from softswitch.core.errors import SdpError
from softswitch.sdp.model import Media, Origin, SessionDescription

LONGEST_CHARACTERS: Final = 16384
"""A browser's description with all its candidates has about a third of it; longer ones are an attack."""

_LONGEST_NUMBER: Final = 20
_USUAL_HEAD: Final = re.compile(
    r"v=0\no=[^ \n]++ ([0-9]{1,20}) ([0-9]{1,20}) IN IP[46] ([^ \n]++)\ns=[^\n]*+\n"
    r"(?:c=IN IP[46] ([^ \n]++)\n)?t=[^\n]*+"
)
"""The session's part as nearly every phone writes it; what it looks like else is read line by line."""
_BLANKS: Final = re.compile(r"[ \t]+$|(?<=^a=)[ \t]+", re.MULTILINE)
"""At the end of a line, and before an attribute."""


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
    head, *sections = _normalised(text).split("\nm=")
    usual = _USUAL_HEAD.fullmatch(head)
    if usual is None:
        origin, address, attributes = _head(head)
    else:
        session_id, version, host, address = usual.groups("")
        origin, attributes = tuple.__new__(Origin, (int(session_id), int(version), host)), ()
    media = tuple([_media(each, address) for each in sections])
    return tuple.__new__(SessionDescription, (origin, address, media, attributes))  # half the time of calling the class


def _head(head: str) -> tuple[Origin, str, tuple[str, ...]]:
    lines, attributes = _split_attributes(head)
    if lines[0] != "v=0":
        raise SdpError("a description starts with v=0", 400)
    address = _check_lines(lines)
    return _origin(lines), address, attributes


def _normalised(text: str) -> str:
    """Return the text with LF between its lines and no blanks at their ends."""
    if "\0" in text:
        raise SdpError("a NUL in a description", 400)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if " \n" in text or "= " in text or "\t" in text:
        text = _BLANKS.sub("", text)
    return text.strip("\n \t")


def _split_attributes(section: str) -> tuple[Sequence[str], tuple[str, ...]]:
    """Return the lines that are no attributes, and the attributes.

    Attributes come last in nearly every section, so one split finds them.
    """
    first, *attributes = section.split("\na=")
    lines = first.split("\n")
    if len(lines) + len(attributes) <= section.count("\n"):
        rest = section.split("\n")
        attributes = [line[2:] for line in rest if line.startswith("a=")]
        lines = [line for line in rest if not line.startswith("a=")]
    if "" in attributes:
        attributes = [attribute for attribute in attributes if attribute]
    return lines, tuple(attributes)


def _check_lines(lines: Iterable[str]) -> str:
    """Return the address of the first ``c=`` line, or an empty string; refuse what is no line."""
    address = ""
    for line in lines:
        if line[1:2] != "=":
            if line:
                raise SdpError(f"not a line of a description: {line[:40]!r}", 400)
        elif line[0] == "c" and not address:
            address = _connection(line)
    return address


def _connection(line: str) -> str:
    """Return the address of a ``c=`` line: it may be a host name, or a multicast group with its TTL."""
    parts = line[2:].split()
    if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in {"IP4", "IP6"}:
        raise SdpError(f"connection data is malformed: {line[:80]!r}", 400)
    return parts[2]


def _origin(lines: Iterable[str]) -> Origin:
    """Read the ``o=`` line from its end, because user names with blanks, and empty ones, are seen."""
    for line in lines:
        if line[:2] == "o=":
            parts = line[2:].split()
            if len(parts) < 5:
                raise SdpError(f"origin is malformed: {line[:80]!r}", 400)
            return Origin(_tolerant_number(parts[-5]), _tolerant_number(parts[-4]), parts[-1])
    raise SdpError("a description without origin", 400)


def _tolerant_number(text: str) -> int:
    """Return the number, or 0 for what is none: nothing but a comparison of versions hangs on it."""
    return int(text) if len(text) <= _LONGEST_NUMBER and text.isdecimal() and text.isascii() else 0


def _media(section: str, session_address: str) -> Media:
    """Read one stream: ``section`` is its lines, the first without ``m=``."""
    first, _, rest = section.partition("\n")
    parts = first.split()
    if len(parts) < 3:
        raise SdpError(f"a media line is malformed: {first[:80]!r}", 400)
    number, _, count = parts[1].partition("/")
    port = _port(number, first)
    address, attributes = _stream_lines(rest)
    if port and not (address or session_address):
        raise SdpError("an open stream without a connection address", 400)
    formats = tuple(parts[3:]) or ("0",)  # seen on refused streams, and one has to be written
    ports = _port(count, first) if count else 1
    return tuple.__new__(Media, (parts[0].lower(), port, parts[2], formats, address, attributes, ports))


@lru_cache(maxsize=1024)
def _stream_lines(rest: str) -> tuple[str, tuple[str, ...]]:
    """Return the address and the attributes of a stream; from call to call a phone writes them just the same."""
    lines, attributes = _split_attributes("\n" + rest)
    return _check_lines(lines), attributes


def _port(text: str, line: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise SdpError(f"a media line's port is malformed: {line[:80]!r}", 400)
    return int(text)
