"""Octets to messages: the head is split once, each header is parsed when somebody asks for it (RFC 3261 §7)."""

from __future__ import annotations

import re
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.header_names import canonical
from softswitch.sip.headers.values import parse_number
from softswitch.sip.message import Header, Request, Response

MOST_HEADERS: Final = 256
"""Header lines a message may have; more are an attack, not a call."""

_FOLD: Final = re.compile(r"[ \t]*\r\n[ \t]+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


def parse_message(data: bytes) -> Request | Response:
    """Parse one whole message.

    The body is what Content-Length says; without that header (datagrams), all that follows the head.

    Raises:
        SipError: the start line, a header line or Content-Length is malformed. The rest of the message is
            checked by :func:`check`.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise SipError("no empty line ends the header fields")
    head = data[:end].decode("utf-8", "surrogateescape")
    if "\r\n " in head or "\r\n\t" in head:
        head = _FOLD.sub(" ", head)
    lines = head.split("\r\n")
    if len(lines) > MOST_HEADERS:
        raise SipError(f"more than {MOST_HEADERS} header fields", 513)
    headers: list[Header] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise SipError(f"a header line without a colon: {line[:40]!r}")
        headers.append((canonical(name.rstrip(" \t")), value.strip(" \t")))
    message = _start(lines[0], headers)
    body = data[end + 4 :]
    length = message.get("Content-Length")
    if length is not None:
        size = parse_number(length, "Content-Length", most=2**31)
        if size > len(body):
            raise SipError("the body is shorter than Content-Length says")
        body = body[:size]
    message.body = body
    return message


def _start(line: str, headers: list[Header]) -> Request | Response:
    first, _, rest = line.partition(" ")
    if first[:4].upper() == "SIP/":
        if first.upper() != "SIP/2.0":
            raise SipError(f"not SIP/2.0: {first[:20]!r}", 505)
        status, _, reason = rest.partition(" ")
        if len(status) != 3 or not status.isdigit() or not 100 <= int(status) <= 699:
            raise SipError(f"not a status code: {status[:20]!r}")
        return Response(int(status), reason, headers)
    uri, _, version = rest.rpartition(" ")
    if version.upper() != "SIP/2.0":
        raise SipError(f"not SIP/2.0: {version[:20]!r}", 505 if version[:4].upper() == "SIP/" else 400)
    if not _TOKEN.fullmatch(first) or not uri or " " in uri:
        raise SipError(f"not a request line: {line[:80]!r}")
    return Request(first, uri, headers)
