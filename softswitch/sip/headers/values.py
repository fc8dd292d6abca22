"""The pieces that header values are made of: lists, parameters, numbers, quoted strings (RFC 3261 §25.1)."""

from __future__ import annotations

from softswitch.core.errors import SipError

Parameters = dict[str, str | None]
"""Names in lower case; None for a parameter without a value."""


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split at ``separator`` where it stands neither in a quoted string nor between angle brackets."""
    parts: list[str] = []
    start = 0
    quoted = escaped = False
    depth = 0
    for i, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            if char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char == "<":
            depth += 1
        elif char == ">":
            depth = max(0, depth - 1)
        elif char == separator and not depth:
            parts.append(text[start:i])
            start = i + 1
    if quoted:
        raise SipError("a quoted string does not end")
    parts.append(text[start:])
    return parts


def split_commas(value: str) -> list[str]:
    """Split a header's value into its elements, stripped; empty elements are dropped."""
    if "," not in value:
        value = value.strip()
        return [value] if value else []
    if '"' not in value and "<" not in value:
        return [part for part in (piece.strip() for piece in value.split(",")) if part]
    return [part for part in (piece.strip() for piece in split_outside_quotes(value, ",")) if part]


def parse_parameters(text: str) -> Parameters:
    """Parse ``;name=value;flag`` (a leading semicolon is optional); quoted values lose their quotes."""
    found: Parameters = {}
    pieces = text.split(";") if '"' not in text else split_outside_quotes(text, ";")
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip().lower()
        if name:
            found[name] = unquote(value.strip()) if equals else None
    return found


def write_parameters(parameters: Parameters) -> str:
    """Write parameters as ``;name=value;flag``, quoting a value where it has to be."""
    return "".join(f";{n}" if v is None else f";{n}={_quoted_if_needed(v)}" for n, v in parameters.items())


def _quoted_if_needed(value: str) -> str:
    return value if value and not set(value) & set(' "\\,;=<>\t') else quote(value)


def quote(text: str) -> str:
    """Write a quoted string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """Return the text of a quoted string; text that is not quoted comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    out: list[str] = []
    escaped = False
    for char in inner:
        if escaped or char != "\\":
            out.append(char)
            escaped = False
        else:
            escaped = True
    return "".join(out)


def parse_number(text: str, what: str, *, most: int) -> int:
    """Parse a decimal number of at most ``most``.

    Raises:
        SipError: it is no number or too large.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > most:
        raise SipError(f"{what} is not a number of at most {most}")
    return int(text)
