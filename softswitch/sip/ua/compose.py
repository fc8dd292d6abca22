"""Responses as octets, written without a message object in between: most of what a switch sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from softswitch.sip.message import REASON_PHRASES, Header, Request

_COPIED: Final = frozenset({"Via", "From", "To", "Call-ID", "CSeq"})
_OF_A_DIALOG: Final = _COPIED | {"Record-Route"}


def copied_text(request: Request, to_tag: str, *, dialog: bool = False) -> str:
    """Return the header lines that every response copies (RFC 3261 §8.2.6.2), each with its line end.

    Args:
        request: what is answered.
        to_tag: put on To where the request has none there; empty for 100.
        dialog: whether the response makes a dialog: then Record-Route is copied too (§12.1.1).
    """
    names = _OF_A_DIALOG if dialog else _COPIED
    if not to_tag or request.to.tag is not None:
        return "".join([f"{name}: {value}\r\n" for name, value in request.headers if name in names])
    return "".join(
        [
            f"To: {value};tag={to_tag}\r\n" if name == "To" else f"{name}: {value}\r\n"
            for name, value in request.headers
            if name in names
        ]
    )


def response_octets(status: int, copied: str, headers: Iterable[Header], body: bytes = b"") -> bytes:
    """Return a response as it goes over the wire.

    Args:
        status: its status code; the phrase is the RFC's.
        copied: what :func:`copied_text` gave.
        headers: further header fields.
        body: the body; its Content-Type belongs into ``headers``.
    """
    own = "".join([f"{name}: {value}\r\n" for name, value in headers])
    phrase = REASON_PHRASES.get(status, "Unknown")
    return f"SIP/2.0 {status} {phrase}\r\n{copied}{own}Content-Length: {len(body)}\r\n\r\n".encode() + body
