"""What follows from a fact of the registrar: expiry, the ways to phones behind NAT, statuses."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.keepalive import KeepAlive
from softswitch.app.moved_phones import MovedPhones
from softswitch.app.people import People
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.core.alarm import Alarm
from softswitch.directory.location import LocationState, disconnected, expired
from softswitch.sip.flow import Flow
from softswitch.sip.ua.user_agent import UserAgent

_EXPIRY = "registrations"
"""The kind of the deadline at which the next registration expires."""


class Registrations:
    """The one who writes where phones are.

    Args:
        locations: the folded state.
        turn: gives facts their place.
        wake_ups: wakes us when a registration expires.
        people: see what becomes of statuses.
        ua: sends keep-alives.
        moved: lets calls follow phones.
        domain: the host part of the address that sends them.
        alarm: is told when one is due.
    """

    def __init__(
        self,
        locations: LocationState,
        turn: Turn,
        wake_ups: WakeUps,
        people: People,
        ua: UserAgent,
        domain: str,
        moved: MovedPhones,
        alarm: Alarm | None = None,
    ) -> None:
        self._locations = locations
        self._turn = turn
        self._wake_ups = wake_ups
        self._people = people
        self._moved = moved
        self._make_keepalive: Callable[[], KeepAlive] = lambda: KeepAlive(
            ua, turn.queue, domain, locations, now=turn.now, alarm=alarm
        )
        self._keepalive = self._make_keepalive()
        wake_ups.serve(_EXPIRY, self._expire)

    def record(self, fact: object) -> None:
        """Keep a fact, apply it, and see what follows."""
        self._moved.follow(fact, now=self._turn.now)
        self._locations.apply(self._turn.place(fact))
        self._arm()
        self._keepalive.registered(fact, now=self._turn.now)
        self._people.registration_changed(fact, wall_s=self._turn.wall_s)

    def disconnected(self, flow: Flow) -> None:
        """A stream's connection is gone, and with it the phones behind it."""
        for fact in disconnected(self._locations, flow):
            self.record(fact)

    def resume(self) -> None:
        """Go on with what was folded."""
        self._arm()
        self._keepalive = self._make_keepalive()

    def handle_timer(self, *, now: float) -> None:
        """Send the keep-alives that are due."""
        self._keepalive.handle_timer(now=now)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which a keep-alive is due, or None."""
        return self._keepalive.next_deadline()

    def _expire(self, _: str) -> None:
        for fact in expired(self._locations, self._turn.wall_s):
            self.record(fact)
        self._arm()

    def _arm(self) -> None:
        self._wake_ups.arm(_EXPIRY, "", self._locations.next_expiry())
