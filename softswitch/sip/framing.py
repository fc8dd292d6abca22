"""Messages out of a stream of octets: Content-Length says where one ends (RFC 3261 §18.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.grammar import parse_number

_FOLD: Final = re.compile(rb"[ \t]*\r\n[ \t]+")
_LENGTH: Final = re.compile(rb"\r\n(?:content-length|l)[ \t]*:([^\r\n]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ping:
    """CR LF CR LF between messages: the peer's keep-alive, to be answered by CR LF (RFC 5626 §3.5.1)."""


@dataclass(frozen=True, slots=True)
class Pong:
    """A lone CR LF between messages: the answer to a ping, or a phone's way of keeping the connection; no answer."""


class StreamFramer:
    """Cuts one connection's octets into messages and keep-alives.

    Args:
        most_octets: the largest message taken, head and body together.
    """

    __slots__ = ("_after_pong", "_buffer", "_fault", "_most_octets", "_searched", "_size")

    def __init__(self, most_octets: int = 65536) -> None:
        self._most_octets = most_octets
        self._buffer = bytearray()
        self._searched = 0
        self._size = 0
        self._after_pong = False
        self._fault: SipError | None = None

    @property
    def fault(self) -> SipError | None:
        """Why no further message can be found in this stream, if so: the connection is to be closed."""
        return self._fault

    def feed(self, data: bytes) -> list[bytes | Ping | Pong]:
        """Take octets as they arrived and return what is whole now, in order.

        What was whole before a fault is returned first, and the next call raises the fault; :attr:`fault` tells of
        it at once. With nothing to return, this call raises it.

        Raises:
            SipError: 513 for a message over the limit, 400 for a missing or malformed Content-Length.
        """
        items: list[bytes | Ping | Pong] = []
        if self._fault is None:
            self._buffer += data
            try:
                while (item := self._next()) is not None:
                    items.append(item)
            except SipError as error:
                self._fault = error
                self._buffer.clear()
        if self._fault is not None and not items:
            raise self._fault
        return items

    def _next(self) -> bytes | Ping | Pong | None:
        if not self._size:
            if self._buffer.startswith((b"\r", b"\n")):
                return self._keep_alive()
            self._size = self._size_of_head()
        if not self._size or len(self._buffer) < self._size:
            return None
        message = bytes(self._buffer[: self._size])
        del self._buffer[: self._size]
        self._size = self._searched = 0
        self._after_pong = False
        return message

    def _keep_alive(self) -> Ping | Pong | None:
        """Take CR LF; a second one makes a ping of it, even if the network tore them apart."""
        if len(self._buffer) < 2:
            return None
        if self._buffer[:2] != b"\r\n":
            raise SipError("a line end between messages is not CR LF")
        whole = self._buffer[:4] == b"\r\n\r\n"
        if not whole and len(self._buffer) == 3 and self._buffer[2:] == b"\r":
            return None
        ping = whole or self._after_pong
        del self._buffer[: 4 if whole else 2]
        self._after_pong = not ping
        return Ping() if ping else Pong()

    def _size_of_head(self) -> int:
        """Return how long the message at the buffer's start is; 0 while its head is not whole."""
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched >= self._most_octets:
                raise SipError(f"a head of more than {self._most_octets} octets", 513)
            return 0
        head = _FOLD.sub(b" ", self._buffer[:end])
        lengths = _LENGTH.findall(head)
        if len(lengths) != 1:
            raise SipError(f"{len(lengths)} Content-Length headers in a message of a stream")
        size = end + 4 + parse_number(lengths[0].decode("latin-1"), "Content-Length", most=2**31)
        if size > self._most_octets:
            raise SipError(f"a message of {size} octets", 513)
        return size
