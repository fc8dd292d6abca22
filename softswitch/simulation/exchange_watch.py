"""Which requests other than INVITE, and which of the switch's re-INVITEs, are unanswered, as seen on its own wire.

Such a transaction is no fact, so a brain that is thrown away while one is open may go on differently from one that is
not; the simulation has to know when that was.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.message import Request, Response
from softswitch.sip.parse import parse_message

_NOT_WATCHED: Final = frozenset({"INVITE", "ACK"})
_MOST_UNREAD: Final = 10_000
_FORGOTTEN_S: Final = 600.0
"""Nothing is unanswered for so long."""


class ExchangeWatch:
    """Counts them over both directions; a repeated message changes nothing.

    Messages are read when somebody asks for the count, as hardly any run does; the last ten minutes are kept for it.
    """

    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()
        self._unread: deque[tuple[float, bytes, bool]] = deque()

    @property
    def open(self) -> int:
        """How many are unanswered now."""
        while self._unread:
            self._read(*self._unread.popleft()[1:])
        return len(self._open)

    def look(self, data: bytes, *, sent: bool = False, now: float = 0.0) -> None:
        """Look at what came in, or was sent."""
        self._unread.append((now, data, sent))
        if len(self._unread) > _MOST_UNREAD and self._unread[0][0] < now - _FORGOTTEN_S:
            _, oldest, was_sent = self._unread.popleft()
            if self._open:  # its request may have been read before
                self._read(oldest, was_sent)

    def _read(self, data: bytes, sent: bool) -> None:
        try:
            message = parse_message(data)
            key = (message.via.branch, message.cseq.method)
        except SipError:
            return
        if isinstance(message, Request):
            reinvited = sent and message.method == "INVITE" and message.to.tag is not None
            if reinvited or message.method not in _NOT_WATCHED:
                self._open.add(key)
        elif isinstance(message, Response) and message.status >= 200:
            self._open.discard(key)
