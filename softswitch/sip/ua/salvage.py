"""What can be read of a request that is malformed: enough to refuse it (RFC 3261 §8.2.6, §21.4.1)."""

from __future__ import annotations

from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.header_names import canonical
from softswitch.sip.message import Header, Request

_NEEDED: Final = ("Via", "From", "To", "Call-ID", "CSeq")


def salvage(data: bytes) -> Request | None:
    """Return a request that can be refused, or None where even that cannot be read.

    It holds the fields that a response copies, and no body. A response, an ACK and octets that are not SIP at all give
    None: to them there is no answer.
    """
    lines = data.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    if not rest.rpartition(" ")[2].upper().startswith("SIP/") or method == "ACK" or not method.isascii():
        return None
    headers: list[Header] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        known = canonical(name.strip()) if colon else ""
        if known in _NEEDED:
            headers.append((known, value.strip()))
    return readable(Request(method, rest.rpartition(" ")[0], headers))


def readable(request: Request) -> Request | None:
    """Return the request if what a response copies and is sent by can be read, else None."""
    try:
        complete = all(request.get(name) for name in _NEEDED) and request.via and request.to
    except SipError:
        return None
    return request if complete and request.method != "ACK" else None
