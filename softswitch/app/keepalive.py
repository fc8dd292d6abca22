"""Sends what the plan of keep-alives says: CRLFCRLF, or an OPTIONS, to phones behind NAT."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.core.alarm import Alarm
from softswitch.directory.keepalive import KeepAlivePlanner
from softswitch.directory.location import LocationState, RegistrationBound
from softswitch.sip.flow import Flow
from softswitch.sip.headers.address import Address
from softswitch.sip.message import Request
from softswitch.sip.ua.user_agent import UserAgent
from softswitch.sip.uri import Uri

_PING = b"\r\n\r\n"
"""RFC 5626 §3.5.1."""


class KeepAlive:
    """Keeps the ways to phones behind NAT open.

    Args:
        ua: sends the OPTIONS.
        send: lets octets out at the end of the turn.
        domain: the host part of the address that asks.
        locations: where the phones are.
        now: monotonic seconds.
        alarm: is told when something is due.
    """

    def __init__(
        self,
        ua: UserAgent,
        send: Callable[[Flow, bytes], None],
        domain: str,
        locations: LocationState,
        *,
        now: float,
        alarm: Alarm | None = None,
    ) -> None:
        self._ua = ua
        self._send = send
        self._us = Address(Uri("sip", "", domain))
        self._plan = KeepAlivePlanner(locations, now=now, alarm=alarm)

    def registered(self, fact: object, *, now: float) -> None:
        """Plan a phone that has just registered."""
        if isinstance(fact, RegistrationBound):
            self._plan.follow(fact.user, fact.instance or fact.contact, now=now)

    def handle_timer(self, *, now: float) -> None:
        """Send what is due."""
        for due in self._plan.due(now):
            if due.options:
                self._ua.request(self._options(due.binding.contact), due.binding.flow, owner="keep-alive", now=now)
            else:
                self._send(due.binding.flow, _PING)

    def _options(self, contact: str) -> Request:
        headers = (
            ("Max-Forwards", "70"),
            ("From", str(self._us)),
            ("To", f"<{contact}>"),
            ("CSeq", "1 OPTIONS"),
        )
        return Request("OPTIONS", contact, headers)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        return self._plan.next_deadline()
