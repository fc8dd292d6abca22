"""Takes PUBLISH (RFC 3903): what a phone says of its user, for a time, under a tag that it has to name again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from softswitch.app.deadlines import Deadlines
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock, deadline_of_wall
from softswitch.core.errors import SipError
from softswitch.core.ids import Entropy
from softswitch.directory.publications import Publication, PublicationEnded, Publications, Published
from softswitch.directory.routing import dialled_number
from softswitch.directory.site import User
from softswitch.sip.bodies.pidf import CONTENT_TYPE, PresenceState, read_pidf
from softswitch.sip.flow import Flow
from softswitch.sip.headers.event import parse_event
from softswitch.sip.message import Header, Request
from softswitch.sip.ua.subscription import Duration
from softswitch.sip.ua.user_agent import UserAgent

DURATION: Final = Duration()
MOST_EACH_USER: Final = 20
Reading = Callable[[Request, Flow, User], None]
"""Takes a publication that is no state, e.g. a report of quality. Raises SipError."""


class PublishDesk:
    """Keeps what phones publish.

    Args:
        ua: answers.
        state: the folded publications.
        clock: both faces of time.
        entropy: tags.
        record: keeps a fact, and folds it into ``state``.
        reports: who takes publications that are no state, by package.
        alarm: is told when a publication expires.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        state: Publications,
        clock: Clock,
        entropy: Entropy,
        record: Callable[[object], None],
        reports: Mapping[str, Reading],
        alarm: Alarm | None = None,
    ) -> None:
        self._ua = ua
        self._state = state
        self._clock = clock
        self._entropy = entropy
        self._record = record
        self._reports = reports
        self._deadlines = Deadlines(alarm)

    def publish(self, request: Request, flow: Flow, user: User, *, now: float, wall_s: float) -> None:
        """Take a PUBLISH from a phone of ``user``."""
        try:
            headers = self._taken(request, flow, user, wall_s)
        except SipError as error:
            self._ua.reply(request, flow, error.status_hint, headers=self._explained(error))
            return
        transaction = self._ua.begin(request, flow, now=now)
        self._ua.respond(transaction, self._ua.response_to(request, 200, headers), now=now)

    def _taken(self, request: Request, flow: Flow, user: User, wall_s: float) -> tuple[Header, ...]:
        package = parse_event(request.get("Event")).package
        if package in self._reports:
            self._reports[package](request, flow, user)
            return (("Expires", "0"), ("SIP-ETag", self._entropy.token(8)))
        if package != "presence":
            raise SipError(f"nobody takes {package}", 489)
        if dialled_number(request.uri) not in {user.extension, ""}:
            raise SipError("only of oneself", 403)
        return self._keep(request, user, package, DURATION.granted_s(request), wall_s)

    def _keep(self, request: Request, user: User, package: str, granted_s: int, wall_s: float) -> tuple[Header, ...]:
        """Keep, renew or remove a publication (RFC 3903 §6)."""
        named = request.get("SIP-If-Match") or ""
        known = self._state.get(named) if named else None
        if named and (known is None or known.user != user.name):
            raise SipError("nothing is published under that tag", 412)
        said = self._said(request, known)
        if not granted_s:
            if known is None:
                raise SipError("nothing to remove")
            self._record(PublicationEnded(user.name, package, named, "removed"))
            return (("Expires", "0"), ("SIP-ETag", named))
        if known is None and self._state.count_of(user.name) >= MOST_EACH_USER:
            raise SipError("too many publications", 503)
        etag, until = self._entropy.token(8), wall_s + granted_s
        self._record(Published(user.name, package, etag, named, until, said.open, said.activity, said.note))
        self._arm()
        return (("Expires", str(granted_s)), ("SIP-ETag", etag))

    def _said(self, request: Request, known: Publication | None) -> PresenceState:
        if request.body:
            if request.content_type != CONTENT_TYPE:
                raise SipError(f"presence is {CONTENT_TYPE}", 415)
            return read_pidf(request.body)
        if known is None:
            raise SipError("a new publication without a body")
        return PresenceState(known.open, known.activity, known.note)

    def _explained(self, error: SipError) -> tuple[Header, ...]:
        return {
            415: (("Accept", CONTENT_TYPE),),
            423: (("Min-Expires", str(DURATION.least_s)),),
            489: (("Allow-Events", ", ".join(sorted(["presence", *self._reports]))),),
            503: (("Retry-After", "60"),),
        }.get(error.status_hint, ())

    # Time

    def resume(self) -> None:
        """Go on with what was folded."""
        self._arm()

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which a publication expires, or None."""
        return self._deadlines.next()

    def handle_timer(self, *, now: float) -> None:
        """End what nobody has renewed."""
        if self._deadlines.due(now):
            for fact in self._state.expired_at(self._clock.wall()):
                self._record(fact)
            self._arm()

    def _arm(self) -> None:
        wall_s = self._state.next_expiry()
        self._deadlines.set("expiry", None if wall_s is None else deadline_of_wall(self._clock, wall_s))
