"""The pieces that header values and URIs are made of: lists, parameters, numbers, quoted strings (RFC 3261 §25.1).

The common shapes take a short way of C-level string methods; whatever is odd takes the regular expressions, whose
quantifiers are possessive so that no input makes them slow. Those of groups are not: Python before 3.11.5 mistakes what
such a group took (CPython issue 106052). There nothing that is tried again can fit, which costs no more than the first
try.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from softswitch.core.errors import SipError

Parameters = Mapping[str, str | None]
"""Names in lower case; None for a parameter without a value."""

NO_PARAMETERS: Final[Parameters] = MappingProxyType({})

LONGEST_KEPT: Final = 256
"""Characters of a text whose parse may be kept for the next time, so that no peer can fill the memory with it."""

NAME_CHARACTER: Final = r"[A-Za-z0-9\-.!%*_+`'~]"
"""One character of a token."""
HOST: Final = r"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++)"
"""A name, an IPv4 address or an IPv6 reference; the underscore is in no grammar but in many a machine's name."""
QUOTED: Final = r'"[^"\\]*+(?:\\[^\r\n][^"\\]*+)*"'

_TOKEN: Final = re.compile(f"{NAME_CHARACTER}++")
_ELEMENT: Final = re.compile(rf'(?:[^,"<>]++|{QUOTED}|<[^<>]*+>)*')
_PARAMETER: Final = re.compile(
    rf'[ \t]*+;[ \t]*+({NAME_CHARACTER}++)[ \t]*+(?:=[ \t]*+({QUOTED}|[^;," \t<>]*+))?[ \t]*+'
)
_PLAIN_VALUE: Final = re.compile(r'[^;," \t<>]++')
_PLAIN_QUOTED: Final = re.compile(r'"[^"\\]*+"')
_LONGEST_NUMBER: Final = 20  # digits, leading zeros among them: int() of millions of digits takes long
_HOST_PORT: Final = re.compile(rf"[ \t]*+({HOST})[ \t]*+(?::[ \t]*+([0-9]{{1,5}}))?[ \t]*+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_QUOTES: Final = re.compile(r'[\x00- "\\,;=<>\x7f]')
_UNWRITABLE: Final = re.compile(r"[\r\n\x00]")

_PARAMETER_NAMES: Final = {
    name: name
    for name in (
        *("tag", "branch", "rport", "received", "transport", "lr", "ob", "expires", "q", "user", "maddr", "ttl"),
        *("+sip.instance", "reg-id", "methods", "alias", "keep", "line", "method"),
    )
}
"""Names as most messages write them, which need no further look."""


def is_token(text: str) -> bool:
    """Tell whether ``text`` is a token: a method, a header's name, a parameter's name."""
    return _TOKEN.fullmatch(text) is not None


def split_commas(value: str) -> list[str]:
    """Split a header's value into its elements, stripped, at commas outside of quotes and angle brackets.

    Empty elements are dropped: a trailing comma in an Allow is a slip that costs nobody a call.

    Raises:
        SipError: a quoted string or an angle bracket does not close.
    """
    if "," not in value:
        value = value.strip(" \t")
        return [value] if value else []
    parts: list[str] = []
    position = 0
    while True:
        found = _ELEMENT.match(value, position)
        end = found.end() if found else position
        part = value[position:end].strip(" \t")
        if end < len(value) and value[end] != ",":
            raise SipError(f"a list is malformed: {value[position : position + 40]!r}")
        if part:
            parts.append(part)
        if end == len(value):
            return parts
        position = end + 1


def parse_parameters(text: str) -> Parameters:
    """Parse ``;name=value;flag`` (empty text: none); names become lower case, quoted values lose their quotes.

    Raises:
        SipError: a name is missing, is no token or comes twice, or a value is malformed.
    """
    if not text:
        return NO_PARAMETERS
    found: dict[str, str | None] = {}
    for piece in text[1:].split(";"):
        name, equals, value = piece.partition("=")
        known = _PARAMETER_NAMES.get(name)
        if known is None or known in found:
            return _parse_odd_parameters(text)
        if not equals:
            found[known] = None
        elif _PLAIN_VALUE.fullmatch(value):
            found[known] = value
        elif _PLAIN_QUOTED.fullmatch(value):
            found[known] = value[1:-1]
        else:
            return _parse_odd_parameters(text)
    return found


def _parse_odd_parameters(text: str) -> Parameters:
    found: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise SipError(f"parameters are malformed: {text[position : position + 40]!r}")
        name = match[1].lower()
        if name in found:
            raise SipError(f"the parameter {name[:40]} is there twice")
        found[name] = None if match[2] is None else unquote(match[2])
        position = match.end()
    return found


def write_parameters(parameters: Parameters) -> str:
    """Write parameters as ``;name=value;flag``, quoting a value where it has to be."""
    return "".join([f";{n}" if v is None else f";{n}={_quoted_if_needed(v)}" for n, v in parameters.items()])


def _quoted_if_needed(value: str) -> str:
    return quote(value) if not value or _NEEDS_QUOTES.search(value) else value


def quote(text: str) -> str:
    """Write a quoted string; a line end or NUL, which none may hold, becomes a blank."""
    escaped = _UNWRITABLE.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """Return the text of a quoted string; text that is not quoted comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def parse_number(text: str, what: str, *, most: int) -> int:
    """Parse a decimal number of at most ``most``.

    Raises:
        SipError: it is no number or too large.
    """
    if not text.isdecimal():
        text = text.strip(" \t")
    if text.isdecimal() and text.isascii() and len(text) <= _LONGEST_NUMBER:
        number = int(text)
        if number <= most:
            return number
    raise SipError(f"{what} is not a number of at most {most}")


def parse_host_port(text: str) -> tuple[str, int | None]:
    """Parse ``host[:port]``; an IPv6 host stands in brackets and keeps them.

    Raises:
        SipError: host or port is malformed.
    """
    match = _HOST_PORT.fullmatch(text)
    if match is None:
        raise SipError(f"{text[:80]!r} is not a host")
    return match[1], None if match[2] is None else parse_port(match[2])


def parse_port(digits: str) -> int:
    """Return a port's number, given its digits.

    Raises:
        SipError: it is larger than 65535.
    """
    port = int(digits)
    if port > 65535:
        raise SipError(f"{port} is not a port")
    return port
