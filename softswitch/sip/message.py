"""Requests and responses (RFC 3261 §7), with headers that are parsed when somebody asks for them.

A message keeps its header fields as ``(canonical name, raw value)`` pairs in the order of the wire. The typed views
(``via``, ``from_``, ``to``, ``cseq``, ``contact`` ...) parse on first use and remember the result until the header
changes. Nothing here validates a message as a whole: :mod:`softswitch.sip.parse` does when it comes from the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from softswitch.core.errors import SipError
from softswitch.sip.grammar import LONGEST_KEPT, parse_number, split_commas
from softswitch.sip.header_names import canonical
from softswitch.sip.headers.address import Address, parse_address, parse_address_list
from softswitch.sip.headers.via import Via, parse_via
from softswitch.sip.multipart import find_part

Header = tuple[str, str]
ValueT = TypeVar("ValueT")

REASON_PHRASES: Final[dict[int, str]] = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    430: "Flow Failed",
    439: "First Hop Lacks Outbound Support",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
}
"""Status codes of RFC 3261 §21 and its extensions that we send."""


_SHORT: Final = 10
"""Fewer digits than this make no number that is too large."""
_PLAIN_TYPES: Final = frozenset({"", "application/sdp"})
"""Values of Content-Type that are the type as they stand."""


class CSeq(NamedTuple):
    """Number and method of a CSeq header (RFC 3261 §20.16)."""

    number: int
    method: str


def _read_cseq(value: str) -> CSeq:
    words = value.split()
    if len(words) != 2:
        raise SipError("CSeq is not a number and a method")
    digits, method = words
    usual = len(digits) < _SHORT and digits.isdecimal() and digits.isascii()
    number = int(digits) if usual else parse_number(digits, "CSeq", most=2**31 - 1)
    return tuple.__new__(CSeq, (number, method))


_parse_cseq: Final = lru_cache(maxsize=4096)(_read_cseq)
"""All messages of a transaction have the same one, and those of other calls mostly too."""


class Message:
    """What requests and responses share: header fields and a body."""

    __slots__ = ("_first", "_parsed", "body", "headers")

    headers: list[Header]
    """Pairs of canonical name and raw value, in the order of the wire; to be changed by the methods only.

    A Content-Length is not among those of a parsed message: it follows from the body.
    """
    body: bytes
    _first: dict[str, str] | None
    _parsed: dict[str, Any]

    def __init__(self, headers: Iterable[Header] = (), body: bytes = b"") -> None:
        self.headers = list(headers)
        self.body = body
        self._first = None
        self._parsed = {}

    def get(self, name: str) -> str | None:
        """Return the first raw value of a header, by canonical name, or None."""
        return (self._first or self._index()).get(name)

    def first_values(self) -> dict[str, str]:
        """Return the first value of each header, by canonical name; only to be read."""
        return self._first or self._index()

    def _index(self) -> dict[str, str]:
        """Note the first value of each header, so that each is found at once."""
        self._first = dict(reversed(self.headers))
        return self._first

    def get_all(self, name: str) -> list[str]:
        """Return the raw values of all header lines of that name, not split at commas."""
        first = self._first or self._index()
        if name not in first:
            return []
        if len(first) == len(self.headers):  # no name comes twice
            return [first[name]]
        return [value for key, value in self.headers if key == name]

    def get_list(self, name: str) -> list[str]:
        """Return the elements of a comma-separated header over all its lines."""
        return [part for value in self.get_all(name) for part in split_commas(value)]

    def set(self, name: str, value: str) -> None:
        """Replace every line of that header by one, at the place of the first, or append it."""
        self._forget(name)
        place = next((i for i, (key, _) in enumerate(self.headers) if key == name), None)
        if place is None:
            self.headers.append((name, value))
            return
        self.headers[place] = (name, value)
        self.headers[place + 1 :] = [pair for pair in self.headers[place + 1 :] if pair[0] != name]

    def add(self, name: str, value: str) -> None:
        """Append a header line."""
        self._forget(name)
        self.headers.append((name, value))

    def prepend(self, name: str, value: str) -> None:
        """Put a header line before all others: Via and Record-Route are stacked so."""
        self._forget(name)
        self.headers.insert(0, (name, value))

    def complete_via(self, value: str) -> None:
        """Replace the first Via line, which there is, by one that says where the message came from.

        The parsed ``via`` stays what the peer wrote: that is what transactions are matched by.
        """
        headers = self.headers
        place = 0
        while headers[place][0] != "Via":  # mostly it is the very first line
            place += 1
        headers[place] = ("Via", value)
        if self._first is not None:
            self._first["Via"] = value

    def remove(self, name: str) -> None:
        """Remove every line of that header."""
        self._forget(name)
        self.headers = [pair for pair in self.headers if pair[0] != name]

    def take(self, name: str) -> list[str]:
        """Remove every line of that header and return their values."""
        first = self._first or self._index()
        if name not in first:
            return []
        if len(first) == len(self.headers) and self.headers[-1][0] == name:
            return [first.pop(self.headers.pop()[0])]
        values = self.get_all(name)
        self.remove(name)
        return values

    def _forget(self, name: str) -> None:
        self._first = None
        self._parsed.pop(name, None)

    @property
    def call_id(self) -> str:
        """The Call-ID's value."""
        value = (self._first or self._index()).get("Call-ID")
        if value is None:
            raise SipError("no Call-ID header")
        return value

    @property
    def via(self) -> Via:
        """The topmost Via, parsed. Raises SipError where there is none or it is malformed."""
        found = self._parsed.get("Via")
        if found is None:
            value = (self._first or self._index()).get("Via", "")
            if "," in value:
                value = next(iter(split_commas(value)), "")
            self._parsed["Via"] = found = parse_via(value)
        return found

    @property
    def vias(self) -> list[Via]:
        """Every Via, topmost first, parsed."""
        return [parse_via(value) for value in self.get_list("Via")]

    @property
    def from_(self) -> Address:
        """The From header, parsed."""
        return self._parsed.get("From") or self._address("From")

    @property
    def to(self) -> Address:
        """The To header, parsed."""
        return self._parsed.get("To") or self._address("To")

    def _address(self, name: str) -> Address:
        value = (self._first or self._index()).get(name)
        if value is None:
            raise SipError(f"no {name} header")
        found = self._parsed[name] = parse_address(value)
        return found

    @property
    def cseq(self) -> CSeq:
        """The CSeq header, parsed; its number fits in 31 bits."""
        found = self._parsed.get("CSeq")
        if found is None:
            value = (self._first or self._index()).get("CSeq", "")
            found = self._parsed["CSeq"] = _parse_cseq(value) if len(value) <= LONGEST_KEPT else _read_cseq(value)
        return found

    @property
    def contacts(self) -> list[Address]:
        """All Contact addresses; ``*`` is one whose URI's text is ``*``."""
        found = self._parsed.get("Contact")
        if found is None:
            lines = self.get_all("Contact")
            if len(lines) == 1:
                found = parse_address_list(lines[0])
            else:
                found = [address for line in lines for address in parse_address_list(line)]
            self._parsed["Contact"] = found
        return found

    @property
    def max_forwards(self) -> int:
        """The Max-Forwards header; 70 where there is none (RFC 3261 §16.3)."""
        value = (self._first or self._index()).get("Max-Forwards", "70")
        return 70 if value == "70" else parse_number(value, "Max-Forwards", most=255)

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds, or None."""
        value = self.get("Expires")
        return None if value is None else parse_number(value, "Expires", most=2**32 - 1)

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case without parameters; empty where none is named."""
        value = (self._first or self._index()).get("Content-Type", "")
        return value if value in _PLAIN_TYPES else value.partition(";")[0].strip().lower()

    @property
    def sdp(self) -> str:
        """The session description in the body, or in a part of it, as text; an empty string where there is none."""
        if not self.body:
            return ""
        kind = self.content_type
        if kind == "application/sdp":
            return self.body.decode("utf-8", "replace")
        if not kind.startswith("multipart/"):
            return ""
        part = find_part(self.get("Content-Type") or "", self.body, "application/sdp")
        return "" if part is None else part.decode("utf-8", "replace")

    def start_line(self) -> str:
        """Return the first line without its line end."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Serialise; Content-Length is always written last and from the body's true length."""
        lines = "\r\n".join(map(": ".join, self.headers))
        if "Content-Length:" in lines if self._first is None else "Content-Length" in self._first:
            lines = "\r\n".join([f"{name}: {value}" for name, value in self.headers if name != "Content-Length"])
        if lines:
            lines += "\r\n"
        return f"{self.start_line()}\r\n{lines}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.start_line()}>"


class Request(Message):
    """A request: method and Request-URI."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Iterable[Header] = (), body: bytes = b"") -> None:
        self.headers = list(headers)  # as Message's own, without the call
        self.body = body
        self._first = None
        self._parsed = {}
        self.method = method
        self.uri = uri

    def start_line(self) -> str:
        """Return e.g. ``INVITE sip:101@example.net SIP/2.0``."""
        return f"{self.method} {self.uri} SIP/2.0"


class Response(Message):
    """A response: status and reason phrase."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str = "", headers: Iterable[Header] = (), body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason or REASON_PHRASES.get(status, "Unknown")

    def start_line(self) -> str:
        """Return e.g. ``SIP/2.0 200 OK``."""
        return f"SIP/2.0 {self.status} {self.reason}"


_COPIED: Final = frozenset({"Via", "From", "To", "Call-ID", "CSeq"})


def response_to(
    request: Request, status: int, *, to_tag: str = "", headers: Iterable[Header] = (), body: bytes = b""
) -> Response:
    """Build a response as RFC 3261 §8.2.6.2 says: Via, From, To, Call-ID and CSeq copied.

    Args:
        request: what is answered.
        status: the status code; its phrase is the RFC's.
        to_tag: put on To where the request has none there; not for 100.
        headers: further header fields, after the copied ones.
        body: the body; its Content-Type belongs into ``headers``.
    """
    copied = [pair for pair in request.headers if pair[0] in _COPIED]
    if to_tag and request.to.tag is None:
        copied = [(n, f"{v};tag={to_tag}") if n == "To" else (n, v) for n, v in copied]
    copied.extend(headers)
    return Response(status, headers=copied, body=body)


def is_header_name(name: str) -> bool:
    """Tell whether ``name`` is in the one spelling that :class:`Message` uses."""
    return canonical(name) == name
