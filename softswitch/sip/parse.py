"""Octets to messages: the head is split once, each header is parsed when somebody asks for it (RFC 3261 §7).

What is refused here cannot be read as a message at all; :mod:`softswitch.sip.check` looks at what it says.
:func:`salvage` reads what it can of a refused request, so that its sender learns why.
"""

from __future__ import annotations

import re
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.grammar import is_token, parse_number
from softswitch.sip.header_names import SEEN, canonical
from softswitch.sip.message import Header, Request, Response

MOST_HEADERS: Final = 256
"""Header lines a message may have; more are an attack, not a call."""

_FOLD: Final = re.compile(r"[ \t]*\r\n[ \t]+")
_STRAY_NUL: Final = re.compile(r"(?<!\\)\x00")
_METHODS: Final = frozenset(
    {"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER"}
)
_ANSWERED: Final = frozenset({"Via", "From", "To", "Call-ID", "CSeq"})


def parse_message(data: bytes) -> Request | Response:
    """Parse one whole message.

    The body is what Content-Length says; without that header (datagrams), all that follows the head. A head that is
    not UTF-8 is read as Latin-1, which old phones write, so that no text ever holds what cannot be stored.

    Raises:
        SipError: the start line, a header line or Content-Length is malformed; 505 for another version of SIP, 513
            for too many headers, 400 for the rest.
    """
    if data[:1] in b"\r\n":
        data = data.lstrip(b"\r\n")
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise SipError("no empty line ends the header fields")
    start_line, headers = _split_head(head)
    last = headers.pop() if headers and headers[-1] == ("Content-Length", str(len(body))) else None
    message = _message(start_line, headers)
    message.body = body
    if last is None or "Content-Length" in message.first_values():
        _cut_body(message, [] if last is None else [last])
    return message


def _cut_body(message: Request | Response, others: list[Header]) -> None:
    """Let the body be as long as Content-Length says, which is none of the message's headers from then on.

    Args:
        message: with all of its octets.
        others: lines of that header that were taken out already.
    """
    lengths = [value for _, value in others] + message.take("Content-Length")
    if lengths:
        size = parse_number(lengths[0], "Content-Length", most=2**31)
        if len(lengths) > 1 or size > len(message.body):
            raise SipError("the body is shorter than Content-Length says, or that says two things")
        message.body = message.body[:size]


def _split_head(octets: bytes) -> tuple[str, list[Header]]:
    head = _text(octets)
    if "\0" in head:
        return _split_odd_head(head)
    lines = head.split("\r\n")
    flat = "".join(lines)  # which leaves line ends that are no CR LF
    if "\n" in flat or "\r" in flat:
        raise SipError("a line end is not CR LF")
    if len(lines) > MOST_HEADERS:
        raise SipError(f"more than {MOST_HEADERS} header fields", 513)
    start_line = lines.pop(0)
    try:
        return start_line, [(SEEN[name], value.strip()) for line in lines for name, value in (line.split(": ", 1),)]
    except (KeyError, ValueError):
        return _split_odd_head(head)


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _split_odd_head(head: str) -> tuple[str, list[Header]]:
    """Split a head with folded lines, blanks before a colon, none behind it, names not met yet, or NULs."""
    if _STRAY_NUL.search(head):
        raise SipError("a NUL outside of a quoted string")
    lines = _FOLD.sub(" ", head).split("\r\n")
    if len(lines) > MOST_HEADERS:
        raise SipError(f"more than {MOST_HEADERS} header fields", 513)
    if any("\r" in line or "\n" in line for line in lines):
        raise SipError("a line end is not CR LF")
    return lines[0], [_split_line(line) for line in lines[1:]]


def _split_line(line: str) -> Header:
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    if not colon or not is_token(name):
        raise SipError(f"not a header line: {line[:40]!r}")
    return canonical(name), value.strip()


def _message(start_line: str, headers: list[Header]) -> Request | Response:
    if start_line[:8] == "SIP/2.0 ":
        return _response(start_line, headers)
    method, _, rest = start_line.partition(" ")
    uri, _, version = rest.partition(" ")
    if version == "SIP/2.0" and uri and (method in _METHODS or is_token(method)):
        return Request(method, uri, headers)
    return _odd_message(start_line, headers)


def _response(start_line: str, headers: list[Header]) -> Response:
    status, _, reason = start_line[8:].partition(" ")
    if len(status) != 3 or not (status.isascii() and status.isdecimal()) or not 100 <= int(status) <= 699:
        raise SipError(f"not a status code: {status[:20]!r}")
    return Response(int(status), reason, headers)


def _odd_message(start_line: str, headers: list[Header]) -> Request | Response:
    """Take a start line whose version is written otherwise, or say what is wrong with it."""
    first, _, rest = start_line.partition(" ")
    if first[:4].upper() == "SIP/":
        if first.upper() == "SIP/2.0":
            return _response(f"SIP/2.0 {rest}", headers)
        raise SipError(f"not SIP/2.0: {first[:20]!r}", 505)
    uri, _, version = rest.rpartition(" ")
    if version[:4].upper() == "SIP/" and version.upper() != "SIP/2.0":
        raise SipError(f"not SIP/2.0: {version[:20]!r}", 505)
    if version.upper() != "SIP/2.0" or not is_token(first) or not uri or " " in uri:
        raise SipError(f"not a request line: {start_line[:80]!r}")
    return Request(first, uri, headers)


def salvage(data: bytes) -> Request | None:
    """Read of a request that :func:`parse_message` refused what an answer needs (RFC 3261 §8.2.6).

    Returns:
        A request with nothing but Via, From, To, Call-ID and CSeq as they were written, well or not, and its first word
        as method; None where one of them is missing, and for what is a response, an ACK or no SIP at all: those get no
        answer.
    """
    lines = _FOLD.sub(" ", _text(data.lstrip(b"\r\n").partition(b"\r\n\r\n")[0])).split("\r\n")
    method, _, rest = lines[0].partition(" ")
    if "SIP/" not in rest or not is_token(method) or method == "ACK":
        return None
    headers = [header for header in map(_salvaged, lines[1:MOST_HEADERS]) if header is not None]
    named = {name for name, value in headers if value}
    return Request(method, rest.partition(" ")[0], headers) if named == _ANSWERED else None


def _salvaged(line: str) -> Header | None:
    try:
        header = _split_line(line)
    except SipError:
        return None
    clean = header[0] in _ANSWERED and not any(char in header[1] for char in "\r\n\0")
    return header if clean else None
