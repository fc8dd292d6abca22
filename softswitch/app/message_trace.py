"""The last SIP messages, kept in memory so that a call can be looked at afterwards: ``softswitch trace``.

A ring of bounded size; what comes in front is forgotten, and a restart forgets all. Nothing secret is shown: who reads
a trace must not learn to register, or to listen.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, NamedTuple

from softswitch.core.ids import conversation_of
from softswitch.sip.call_id import call_id_in
from softswitch.sip.flow import Flow

MOST_OCTETS: Final = 16 << 20
"""Messages of some ten thousand calls."""
MOST_CONVERSATIONS: Final = 20_000
_SECRETS: Final = (
    (re.compile(rb"(\r\n(?:Proxy-)?Authorization[ \t]*:)[^\r\n]*", re.IGNORECASE), rb"\1 (not shown)"),
    (re.compile(rb"(a=crypto:\d+ \S+ inline:)[^\r\n]*"), rb"\1(not shown)"),
)


class Traced(NamedTuple):
    """One message."""

    wall_s: float
    sent: bool
    """Whether we sent it."""
    flow: Flow
    data: bytes


class MessageTrace:
    """The ring.

    Args:
        most_octets: how much of messages is kept.

    Attributes:
        exporter: gets each message, too.
    """

    def __init__(self, most_octets: int = MOST_OCTETS) -> None:
        self.exporter: Callable[[Traced], None] | None = None
        self._most_octets = most_octets
        self._octets = 0
        self._ring: deque[Traced] = deque()
        self._call_ids: OrderedDict[str, set[str]] = OrderedDict()
        self._legs: dict[str, str] = {}

    def note(self, wall_s: float, flow: Flow, data: bytes, *, sent: bool) -> None:
        """Keep a message; keep-alives are none."""
        if len(data) <= 4:
            return
        message = tuple.__new__(Traced, (wall_s, sent, flow, data))  # half the time of calling the class
        self._ring.append(message)
        if self.exporter is not None:
            self.exporter(message)
        self._octets = octets = self._octets + len(data)
        if octets > self._most_octets:
            self._let_go()

    def _let_go(self) -> None:
        while self._octets > self._most_octets:
            self._octets -= len(self._ring.popleft().data)

    def belongs(self, leg: str, sip_call_id: str) -> None:
        """Note that a dialog is a leg's."""
        conversation_id = conversation_of(leg)
        known = self._call_ids.get(conversation_id)
        if known is None:
            known = self._call_ids[conversation_id] = set()
            if len(self._call_ids) > MOST_CONVERSATIONS:
                for forgotten in self._call_ids.popitem(last=False)[1]:
                    self._legs.pop(forgotten, None)
        known.add(sip_call_id)
        self._legs[sip_call_id] = leg

    def leg_of(self, sip_call_id: str) -> str:
        """Return whose leg's dialog has that Call-ID, also for a while after it is over; empty: nobody's."""
        return self._legs.get(sip_call_id, "")

    def of(self, conversation_id: str) -> list[Traced]:
        """Return a conversation's messages that are still there, without what is secret in them, oldest first."""
        wanted = self._call_ids.get(conversation_id, set())
        return [
            message._replace(data=without_secrets(message.data))
            for message in self._ring
            if call_id_in(message.data) in wanted
        ]


def without_secrets(data: bytes) -> bytes:
    """Return a message without credentials and keys."""
    for pattern, instead in _SECRETS:
        data = pattern.sub(instead, data)
    return data
