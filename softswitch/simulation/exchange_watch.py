"""Which requests other than INVITE, and which of the switch's re-INVITEs, are unanswered, as seen on its own wire.

Such a transaction is no fact, so a brain that is thrown away while one is open may go on differently from one that is
not; the simulation has to know when that was.
"""

from __future__ import annotations

from typing import Final

from softswitch.core.errors import SipError
from softswitch.sip.message import Request, Response
from softswitch.sip.parse import parse_message

_NOT_WATCHED: Final = frozenset({"INVITE", "ACK"})


class ExchangeWatch:
    """Counts them over both directions; a repeated message changes nothing."""

    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()

    @property
    def open(self) -> int:
        """How many are unanswered now."""
        return len(self._open)

    def look(self, data: bytes, *, sent: bool = False) -> None:
        """Look at what came in, or was sent."""
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
