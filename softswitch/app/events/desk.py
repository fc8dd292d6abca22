"""Serves subscriptions: takes SUBSCRIBE, keeps what phones watch as facts, and notifies when it changes.

A fact marks what it may change; at the end of the turn the marked things that somebody watches are looked at, and
whoever was last told otherwise gets a NOTIFY. So a turn with many facts makes one NOTIFY, and one with none costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from softswitch.app.deadlines import Deadlines
from softswitch.app.events.limits import EventLimits
from softswitch.app.events.listing import EVENTLIST, Lists
from softswitch.app.events.package import Content, Finite, Guarded, Package, Settable, StateValue, Telling
from softswitch.core.alarm import Alarm
from softswitch.core.errors import SipError
from softswitch.core.facts import Record
from softswitch.core.ids import Entropy
from softswitch.core.listing import places_by_type, types_in
from softswitch.directory.location import LocationState, RegistrationBound
from softswitch.directory.routing import dialled_number
from softswitch.directory.site import User
from softswitch.directory.subscriptions import (
    SubscriptionEnded,
    SubscriptionMade,
    SubscriptionRenewed,
    Subscriptions,
    Watch,
)
from softswitch.sip.flow import Flow
from softswitch.sip.headers.event import parse_event
from softswitch.sip.message import Header, Request
from softswitch.sip.ua import actions
from softswitch.sip.ua.dialog_snapshot import CSEQ_JUMP
from softswitch.sip.ua.subscription import Subscription
from softswitch.sip.ua.subscription_snapshot import SubscriptionSnapshot
from softswitch.sip.ua.user_agent import UserAgent

REFER: Final = "refer"
_RESUME_S: Final = 0.5
"""After a start, until the first subscriber is told how things are."""
_RESUMED_EACH_S: Final = 0.005
"""Between one and the next: a whole company is not told in the moment in which phones register again."""
_MOVES: Final = frozenset({RegistrationBound})
"""Facts that may move subscribers."""


class EventDesk:
    """Serves subscriptions.

    Args:
        ua: the SIP user agent.
        state: the folded subscriptions.
        packages: what can be subscribed to.
        lists: lists of such things.
        locations: where phones are.
        user_of: finds a user by name.
        entropy: names of subscriptions.
        record: keeps a fact, and folds it into ``state``.
        limits: how much may be subscribed to.
        alarm: is told when somebody is to be told something.
    """

    def __init__(
        self,
        *,
        ua: UserAgent,
        state: Subscriptions,
        packages: Iterable[Package],
        lists: Lists,
        locations: LocationState,
        user_of: Callable[[str], User | None],
        entropy: Entropy,
        record: Callable[[object], None],
        limits: EventLimits | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.state = state
        self.packages: Mapping[str, Package] = {package.name: package for package in packages}
        self._in_order = tuple(self.packages.values())
        kinds = tuple([frozenset(package.follows) for package in self._in_order])
        self._concerned = places_by_type(kinds)
        """By type of fact, the places of the packages that it concerns."""
        self.follows = types_in((_MOVES, *kinds))
        """The types of the facts that may change what is watched."""
        self._lists = lists
        self._ua = ua
        self._locations = locations
        self._user_of = user_of
        self._entropy = entropy
        self._record = record
        self._limits = limits or EventLimits()
        self._live: dict[str, Subscription] = {}
        self._told: dict[str, StateValue] = {}
        """What each subscriber was told last."""
        self._stale: set[str] = set()
        """Who has not got the last NOTIFY."""
        self._versions: dict[str, int] = {}
        self.marked: dict[tuple[str, str], None] = {}
        self._deadlines = Deadlines(alarm)

    @property
    def allow_events(self) -> Header:
        """The Allow-Events header (RFC 6665 §8.2.2)."""
        return "Allow-Events", ", ".join(sorted(self.packages))

    def progress_of(self, subscription: str) -> str:
        """Return whether a subscriber knows how things are, in one word."""
        live = self._live.get(subscription)
        return "unknown" if live is None else live.state.value

    # SUBSCRIBE

    def subscribe(self, request: Request, flow: Flow, user: User, *, now: float, wall_s: float) -> None:
        """Take a SUBSCRIBE outside a dialog from a phone of ``user``."""
        try:
            package, resource, members = self._wanted(request, user)
            name = self._accept(request, flow, user, package, resource, members, now=now, wall_s=wall_s)
        except SipError as error:
            self._ua.reply(request, flow, error.status_hint, headers=self._explained(request, error))
            return
        self._set(package, user, request.body)
        self._tell(self.state.get(name), now)
        if not self._live[name].granted_s:
            self._end(name, "timeout", "unsubscribed", now)

    def referred_before(self, request: Request) -> str:
        """Return what this very REFER was about, where an earlier brain took it and died unanswered; else nothing."""
        made = self.state.made_by(request.call_id, request.from_.tag or "")
        return next((watch.resource for watch in made if watch.package == REFER), "")

    def take_refer(self, request: Request, flow: Flow, user: User, resource: str, *, now: float, wall_s: float) -> None:
        """Accept a REFER outside of a dialog: its sender is told what becomes of it (RFC 3515 §2.4.4).

        Raises:
            SipError: it has no usable Contact, or there are too many subscriptions.
        """
        name = self._accept(request, flow, user, self.packages[REFER], resource, (), now=now, wall_s=wall_s)
        self._tell(self.state.get(name), now)

    def check_room_for(self, user: User) -> None:
        """See that one more subscription of a user is permitted.

        Raises:
            SipError: there are too many (503).
        """
        self._check_limits(user, "")

    def _accept(
        self,
        request: Request,
        flow: Flow,
        user: User,
        package: Package,
        resource: str,
        members: tuple[str, ...],
        *,
        now: float,
        wall_s: float,
    ) -> str:
        """Accept a request that subscribes; return the subscription's name."""
        name = self._name_for(request, package.name, resource)
        self._check_limits(user, name)
        extra = (EVENTLIST,) if members else ()
        made = self._ua.accept_subscribe(request, flow, owner=name, duration=package.duration, headers=extra, now=now)
        if name in self._live:
            self._live[name].abandon()
            self._drop(name)
        self._live[name] = made
        self._record(
            SubscriptionMade(
                name,
                user.name,
                package.name,
                resource,
                members,
                wall_s + made.granted_s,
                tuple(made.snapshot()),
                made.dialog.target,
                request.get("User-Agent") or "",
            )
        )
        return name

    def _wanted(self, request: Request, user: User) -> tuple[Package, str, tuple[str, ...]]:
        """Return the package, what it is about, and the members where that is a list."""
        event = parse_event(request.get("Event"))
        package = self.packages.get(event.package)
        if package is None:
            raise SipError(f"no package {event.package}", 489)
        _check_accept(request, package)
        number = dialled_number(request.uri)
        members = self._lists.asked_for(request, number, package)
        return package, number if members else package.resource(request, number, user), members

    def _name_for(self, request: Request, package: str, resource: str) -> str:
        """Return a new name, or that of what this very SUBSCRIBE made before: a brain may have died unanswered."""
        for watch in self.state.made_by(request.call_id, request.from_.tag or ""):
            if (watch.package, watch.resource) == (package, resource):
                return watch.subscription
        return self._entropy.token(8)

    def _check_limits(self, user: User, name: str) -> None:
        full = len(self.state) >= self._limits.in_all or self.state.count_of(user.name) >= self._limits.each_user
        if full and self.state.get(name) is None:
            raise SipError("too many subscriptions", 503)

    def _explained(self, request: Request, error: SipError) -> tuple[Header, ...]:
        status = error.status_hint
        if status == 421:
            return (EVENTLIST,)
        if status == 489:
            return (self.allow_events,)
        if status == 423:
            package = self.packages[parse_event(request.get("Event")).package]
            return (("Min-Expires", str(package.duration.least_s)),)
        return (("Retry-After", "60"),) if status == 503 else ()

    # What the user agent tells

    def refreshed(self, action: actions.SubscriptionRefreshed, *, now: float, wall_s: float) -> None:
        """A subscriber sent another SUBSCRIBE: it gets the whole state again (RFC 6665 §4.2.1.2)."""
        name, live = action.owner, self._live.get(action.owner)
        if live is None:
            return
        if not action.granted_s:
            self._end(name, "timeout", "unsubscribed", now)
            return
        self._record(SubscriptionRenewed(name, wall_s + action.granted_s, tuple(live.snapshot())))
        self._told.pop(name, None)
        watch = self.state.get(name)
        watcher = None if watch is None else self._user_of(watch.user)
        if watch is not None and watcher is not None:
            self._set(self.packages[watch.package], watcher, action.body)
        self._tell(self.state.get(name), now)

    def _set(self, package: Package, user: User, body: bytes) -> None:
        """Do what the body of a SUBSCRIBE asks for, where the package knows such; else nothing changes."""
        if body and isinstance(package, Settable):
            with suppress(SipError):
                package.set_by(user, body)

    def expired(self, action: actions.SubscriptionExpired, *, now: float) -> None:
        """Nobody refreshed it in time."""
        self._end(action.owner, "timeout", "expired", now)

    def over(self, action: actions.SubscriptionOver) -> None:
        """The subscriber is gone."""
        if action.owner in self._live:
            self._record(SubscriptionEnded(action.owner, action.reason))
            self._drop(action.owner)

    def due(self, action: actions.NotifyDue, *, now: float) -> None:
        """What could not be told before can be told now."""
        if action.lost:
            self._stale.add(action.owner)
        self._tell(self.state.get(action.owner), now)

    def _end(self, name: str, reason: str, why: str, now: float) -> None:
        watch, live = self.state.get(name), self._live.get(name)
        if watch is not None and live is not None:
            content = self._content(watch)
            live.end(reason, _headers(content), content.body, now=now)
            self._record(SubscriptionEnded(name, why))
        self._drop(name)

    def _drop(self, name: str) -> None:
        self._live.pop(name, None)
        self._told.pop(name, None)
        self._versions.pop(name, None)
        self._stale.discard(name)

    # What happens in the switch

    def follow(self, record: Record, *, now: float) -> None:
        """See what a fact may change of what is watched; called before it is applied, where anything is watched."""
        kind = type(record.fact)
        if kind is RegistrationBound:
            self._moved(record.fact, now)
        for place in self._concerned.get(kind, ()):
            package = self._in_order[place]
            for resource in package.touched(record):
                self.mark(package.name, resource)

    def mark(self, package: str, resource: str) -> None:
        """Look at something at the end of the turn: it may have changed."""
        if self.state.has(package, resource):
            self.marked[package, resource] = None

    def end_turn(self, *, now: float) -> bool:
        """Tell subscribers what has changed; return whether there was anything to tell."""
        if not self.marked:
            return False
        marked, self.marked = self.marked, {}
        for package, resource in marked:
            state = self.packages[package].state(resource)  # once for all who watch it
            for watch in self.state.about(package, resource):
                self._tell(watch, now, None if watch.members else state)
        return True

    def _moved(self, bound: RegistrationBound, now: float) -> None:
        """Let a phone that registers from elsewhere be told there."""
        old = self._locations.binding(bound.user, bound.instance or bound.contact)
        transport, local_host, local_port, remote_host, remote_port, connection = bound.flow
        new = Flow(transport, (local_host, local_port), (remote_host, remote_port), connection)
        for watch in self.state.of_user(bound.user):
            live = self._live.get(watch.subscription)
            if live is None or live.flow == new:
                continue
            if watch.contact == bound.contact or (old is not None and live.flow == old.flow):
                live.move_to(new, now=now)
                self._record(SubscriptionRenewed(watch.subscription, watch.expires_at_s, tuple(live.snapshot())))

    # After a start

    def resume(self, *, now: float, wall_s: float) -> None:
        """Go on with the subscriptions of an earlier brain."""
        for watch in list(self.state):
            package = self.packages.get(watch.package)
            if package is None:  # of a program that knew more than this one
                self._record(SubscriptionEnded(watch.subscription, "noresource"))
                continue
            self._live[watch.subscription] = self._ua.restore_subscription(
                SubscriptionSnapshot.from_values(watch.dialog),
                owner=watch.subscription,
                duration=package.duration,
                headers=(EVENTLIST,) if watch.members else (),
                left_s=watch.expires_at_s - wall_s,
                now=now,
            )
            self._versions[watch.subscription] = CSEQ_JUMP

    def begin(self, *, now: float) -> None:
        """Tell everybody anew how things are, one after the other."""
        for number, name in enumerate(self._live):
            self._deadlines.set(name, now + _RESUME_S + number * _RESUMED_EACH_S)

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        return self._deadlines.next()

    def handle_timer(self, *, now: float) -> None:
        """Tell who is to be told after a start."""
        for name in self._deadlines.due(now):
            self._tell(self.state.get(name), now)

    # NOTIFY

    def _tell(self, watch: Watch | None, now: float, state: StateValue = None) -> None:
        live = None if watch is None else self._live.get(watch.subscription)
        if watch is None or live is None:
            return
        name = watch.subscription
        state = self._state(watch) if state is None else state
        if name in self._told and self._told[name] == state and name not in self._stale:
            return
        package = self.packages[watch.package]
        if isinstance(package, Finite) and package.is_over(state):
            self._end(name, "noresource", "noresource", now)
            return
        if isinstance(package, Guarded) and not package.may_watch(watch.resource, watch.user):
            live.end("noresource", now=now)
            self._record(SubscriptionEnded(name, "noresource"))
            self._drop(name)
            return
        if not live.is_quiet:
            live.notify(now=now)
            return
        self._stale.discard(name)
        content = self._content(watch, state)
        live.notify(_headers(content), content.body, now=now)

    def _state(self, watch: Watch) -> StateValue:
        package = self.packages[watch.package]
        return self._lists.state(package, watch.members) if watch.members else package.state(watch.resource)

    def _content(self, watch: Watch, state: StateValue = None) -> Content:
        """Write how it is now, and remember that it was told."""
        package, name = self.packages[watch.package], watch.subscription
        state = self._state(watch) if state is None else state
        version = self._versions.get(name, -1) + 1
        self._versions[name] = version
        before, self._told[name] = self._told.get(name), state
        telling = Telling(watch, version, state, before)
        return self._lists.write(package, telling) if watch.members else package.write(telling)


def _headers(content: Content) -> tuple[Header, ...]:
    return (("Content-Type", content.content_type),)


def _check_accept(request: Request, package: Package) -> None:
    accepted = {value.partition(";")[0].strip().lower() for value in request.get_list("Accept")}
    if accepted and not accepted & {*package.content_types, "*/*", "application/*"}:
        raise SipError(f"{package.name} is written as {', '.join(package.content_types)}", 406)
