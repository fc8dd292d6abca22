"""Session timers (RFC 4028): whoever refreshes shows that it lives, and a session that nobody refreshes is over.

A peer that knows no session timer is asked for a sign of life by OPTIONS instead, so that a dead leg never stays.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from softswitch.core.errors import SipError
from softswitch.core.state_table import Word
from softswitch.sip.grammar import parse_number
from softswitch.sip.message import Header, Message, Request, Response
from softswitch.sip.timers import Timer
from softswitch.sip.ua.actions import RefreshDue
from softswitch.sip.ua.core import SUPPORTED_HEADER, UaCore
from softswitch.sip.ua.options import send_options
from softswitch.sip.ua.party import Party

INTERVAL_S: Final = 1800
"""What we propose (RFC 4028 §4 recommends no less)."""
MIN_SE_S: Final = 90
"""The least that we take (RFC 4028 §5)."""
MIN_SE_HEADER: Final[Header] = ("Min-SE", str(MIN_SE_S))
PROPOSAL: Final[tuple[Header, ...]] = (SUPPORTED_HEADER, ("Session-Expires", str(INTERVAL_S)), MIN_SE_HEADER)
"""What our first INVITE says; the callee chooses who refreshes."""
_RETRY_S: Final = 10.0
"""How long after a refresh that was refused for the moment the next one follows."""
_REQUIRE: Final[Header] = ("Require", "timer")


class Terms(NamedTuple):
    """What was agreed about a session's timer."""

    interval_s: int = INTERVAL_S
    refresher: str = ""
    """``us``, ``peer``; empty where the peer knows no session timer."""


NOTHING_AGREED: Final = Terms()


def is_too_brief(request: Request) -> bool:
    """Tell whether a request wants a session interval below ours and understands 422 (RFC 4028 §9)."""
    return _interval(request)[0] < MIN_SE_S and _supports(request)


def terms_asked(request: Request) -> Terms:
    """Return what we agree to as the one who is asked, by INVITE or UPDATE (RFC 4028 §9, table 2).

    A refresher whom the peer did not choose is we. One that knows no timer and is behind a proxy that does is
    refreshed by us.
    """
    if request.get("Session-Expires") is None:
        return Terms(INTERVAL_S, "us") if _supports(request) else NOTHING_AGREED
    interval_s, refresher = _interval(request)
    return Terms(max(interval_s, MIN_SE_S), "peer" if refresher == "uac" and _supports(request) else "us")


def terms_answered(response: Response) -> Terms:
    """Return what a 2xx to a request of ours agrees to (RFC 4028 §7.2)."""
    if response.get("Session-Expires") is None:
        return NOTHING_AGREED
    interval_s, refresher = _interval(response)
    return Terms(max(interval_s, MIN_SE_S), "peer" if refresher == "uas" else "us")


def headers_for_answer(terms: Terms, request: Request) -> tuple[Header, ...]:
    """Write what our 2xx says of the timer."""
    if not terms.refresher:
        return ()
    who = "uas" if terms.refresher == "us" else "uac"
    said: Header = ("Session-Expires", f"{terms.interval_s};refresher={who}")
    return (_REQUIRE, said) if _supports(request) else (said,)


def headers_for_request(terms: Terms) -> tuple[Header, ...]:
    """Write what a re-INVITE or UPDATE of ours says of the timer: who refreshes stays so (RFC 4028 §7.4)."""
    who = "uas" if terms.refresher == "peer" else "uac"
    return (SUPPORTED_HEADER, ("Session-Expires", f"{terms.interval_s};refresher={who}"), MIN_SE_HEADER)


def least_interval_s(response: Response) -> int:
    """Return the session interval that a 422 asks for; 0 for another response, or where it names none."""
    if response.status != 422:
        return 0
    least = (response.get("Min-SE") or "").partition(";")[0].strip()
    return int(least) if least.isdecimal() and len(least) < 10 else 0


def _supports(message: Message) -> bool:
    found = message.get("Supported")
    if found is not None and "timer" in found.lower():
        return True
    return any("timer" in value.lower() for value in (*message.get_all("Supported"), *message.get_all("Require")))


def _interval(message: Message) -> tuple[int, str]:
    """Return the Session-Expires header's interval and refresher; a malformed one counts as ours, unchosen."""
    value, _, parameters = (message.get("Session-Expires") or "").partition(";")
    try:
        interval_s = parse_number(value.strip(), "Session-Expires", most=2**31 - 1)
    except SipError:
        return INTERVAL_S, ""
    found = [part.strip().lower() for part in parameters.split(";")]
    return interval_s, next((part[10:].strip() for part in found if part.startswith("refresher=")), "")


class Kind(Word):
    """Its timers."""

    REFRESH = "half of the session interval has passed"
    EXPIRE = "nobody has refreshed the session"


class SessionTimer:
    """The timer of one session, which starts with its making.

    Args:
        core: the user agent's common ground.
        party: the session.
        terms: what was agreed.
        now: monotonic seconds.

    Attributes:
        awaits_refresh: whether we were to refresh the session, and nobody has taken it yet.
    """

    __slots__ = ("_core", "_party", "_timer", "awaits_refresh", "terms")

    def __init__(self, core: UaCore, party: Party, terms: Terms, now: float) -> None:
        self._core = core
        self._party = party
        self._timer: Timer | None = None
        self.awaits_refresh = False
        self.restart(terms, now)

    def restart(self, terms: Terms, now: float) -> None:
        """The session was refreshed or agreed upon anew."""
        self.terms = terms
        self.awaits_refresh = False
        if terms.refresher == "peer":
            margin_s = min(32.0, terms.interval_s / 3)  # RFC 4028 §10: BYE a little before the time is over
            self._start(Kind.EXPIRE, terms.interval_s - margin_s, now)
        else:
            self._start(Kind.REFRESH, terms.interval_s / 2, now)

    def postpone(self, now: float) -> None:
        """A refresh of ours was refused for the moment."""
        self._start(Kind.REFRESH, _RETRY_S, now)

    def stop(self) -> None:
        """The session is over."""
        self._core.queue.stop(self._timer)

    def _start(self, kind: Kind, delay_s: float, now: float) -> None:
        self._core.queue.stop(self._timer)
        self._timer = self._core.queue.start(self, kind, delay_s, now)

    def expire(self, kind: Enum, now: float) -> None:
        """A timer fired."""
        if kind is Kind.EXPIRE:
            self._party.lost(408, "Session expired", now)
        elif self.terms.refresher:
            self._start(Kind.EXPIRE, self.terms.interval_s / 2, now)
            self.awaits_refresh = True
            if not self._party.update(now=now):
                self._core.tell(RefreshDue(self._party))
        else:
            self._start(Kind.REFRESH, self.terms.interval_s / 2, now)
            send_options(self._core, self._party, now)
