"""The Event header (RFC 6665 §8.2.1) and what Subscription-State says (§8.2.3)."""

from __future__ import annotations

from typing import NamedTuple

from softswitch.core.errors import SipError
from softswitch.sip.grammar import Parameters, is_token, parse_parameters, write_parameters


class Event(NamedTuple):
    """What a subscription is about."""

    package: str
    """In lower case, e.g. ``dialog``; a template is part of it: ``presence.winfo``."""
    parameters: Parameters

    @property
    def id(self) -> str:
        """Its id, which tells subscriptions of one dialog apart; empty where it has none."""
        return self.parameters.get("id") or ""

    def __str__(self) -> str:
        return f"{self.package}{write_parameters(self.parameters)}"


def parse_event(value: str | None) -> Event:
    """Read an Event header; None where there is none.

    Raises:
        SipError: there is none (489, RFC 6665 §4.1.2.1), or it is malformed.
    """
    if value is None:
        raise SipError("no Event header", 489)
    package, semicolon, tail = value.partition(";")
    package = package.strip().lower()
    if not is_token(package):
        raise SipError(f"Event is malformed: {value[:40]!r}")
    return Event(package, parse_parameters(semicolon + tail))


def subscription_state(reason: str = "", *, expires_s: int = 0) -> str:
    """Write Subscription-State: active for so long, or, with a reason, over."""
    return f"terminated;reason={reason}" if reason else f"active;expires={expires_s}"
