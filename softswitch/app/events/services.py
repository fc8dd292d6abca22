"""What the switch does for phones beside calls, put together: subscriptions, publications, messages' lamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from softswitch.app.connected_line import ConnectedLine
from softswitch.app.events.conference import ConferencePackage
from softswitch.app.events.desk import REFER, EventDesk
from softswitch.app.events.dialog import DialogPackage
from softswitch.app.events.features import FeaturesPackage
from softswitch.app.events.listing import Lists
from softswitch.app.events.message_summary import Mailboxes, MessageSummaryPackage, NoMailboxes
from softswitch.app.events.messages import MessageDesk
from softswitch.app.events.presence import PresencePackage
from softswitch.app.events.publish import PublishDesk
from softswitch.app.events.quality import PACKAGE, QualityDesk
from softswitch.app.events.refer import ReferPackage
from softswitch.app.events.reg import RegPackage
from softswitch.app.events.resync import PhoneResync
from softswitch.app.events.waiting_lamp import WaitingLamp
from softswitch.app.folded_state import FoldedState
from softswitch.app.people import People
from softswitch.app.turn import Turn
from softswitch.calls.facts import LegEnded, SegmentStarted
from softswitch.calls.perform import Session
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock
from softswitch.core.facts import Record
from softswitch.core.ids import Entropy
from softswitch.core.listing import types_in
from softswitch.directory.location import RegistrationBound
from softswitch.directory.site import Site
from softswitch.sip.ua import actions
from softswitch.sip.ua.user_agent import UserAgent

_SEEN: Final = frozenset({RegistrationBound, SegmentStarted, LegEnded})


class PhoneServices:
    """Everything that phones ask for by SUBSCRIBE and PUBLISH, and what they are told unasked.

    Args:
        folded: all that facts say.
        turn: gives facts their place.
        ua: the SIP user agent.
        people: statuses.
        sessions: the dialogs of legs.
        site: the site in force.
        clock: both faces of time.
        entropy: names and tags.
        domain: the host part of addresses.
        mailboxes: who keeps messages.
        alarm: is told when something is due.
    """

    def __init__(
        self,
        *,
        folded: FoldedState,
        turn: Turn,
        ua: UserAgent,
        people: People,
        sessions: Callable[[], Mapping[str, Session]],
        site: Callable[[], Site],
        clock: Clock,
        entropy: Entropy,
        domain: str,
        mailboxes: Mailboxes | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self._turn = turn
        self._subscriptions = folded.subscriptions.by_name
        self.summary = MessageSummaryPackage(mailboxes or NoMailboxes(), site, domain)
        packages = (
            DialogPackage(folded.calls, sessions, site, domain),
            self.summary,
            PresencePackage(people, folded.locations, folded.calls, folded.publications, site, domain),
            FeaturesPackage(people, site),
            RegPackage(folded.locations, site, domain, lambda: turn.wall_s),
            ConferencePackage(folded.calls, site, domain),
            ReferPackage(folded.calls, lambda resource: folded.subscriptions.has(REFER, resource)),
        )
        self.events = EventDesk(
            ua=ua,
            state=folded.subscriptions,
            packages=packages,
            lists=Lists(site, domain),
            locations=folded.locations,
            user_of=lambda name: site().users.get(name),
            entropy=entropy,
            record=lambda fact: folded.subscriptions.apply(turn.place(fact)),
            alarm=alarm,
        )
        self.publications = PublishDesk(
            ua=ua,
            state=folded.publications,
            clock=clock,
            entropy=entropy,
            record=lambda fact: folded.publications.apply(turn.place(fact)),
            reports={PACKAGE: QualityDesk(folded.calls, lambda fact, where: _placed(turn, fact, where)).take},
            alarm=alarm,
        )
        self.messages = MessageDesk(
            ua=ua,
            state=folded.messages,
            locations=folded.locations,
            site=site,
            entropy=entropy,
            domain=domain,
            record=lambda fact: folded.messages.apply(turn.place(fact)),
        )
        self.phones = PhoneResync(ua, folded.locations, site, domain)
        self._lines = ConnectedLine(folded.calls, sessions, folded.locations, site, domain)
        self._lamp = WaitingLamp(ua, self.summary, folded.locations, folded.subscriptions, site, domain)
        self._followers = self._by_fact()
        self.follows = types_in((frozenset(self.summary.follows), _SEEN, self.events.follows))
        """The types of the facts that concern anybody here."""

    def _by_fact(self) -> Mapping[type, tuple[Callable[[Record], None], ...]]:
        """Return who sees which facts: a hundred are made for a call, and few concern anybody here."""
        lamp, lines = self._lamp.follow, self._lines.follow
        return {
            **dict.fromkeys(self.summary.follows, (lamp,)),
            RegistrationBound: (lamp, self.messages.follow),
            SegmentStarted: (lines,),
            LegEnded: (lines,),
        }

    def servants(self) -> Mapping[str, Callable[..., None]]:
        """Return who takes requests outside of dialogs, by method."""
        return {
            "SUBSCRIBE": self.events.subscribe,
            "PUBLISH": self.publications.publish,
            "MESSAGE": self.messages.take,
        }

    def handlers(self) -> Mapping[type, Callable[[Any], None]]:
        """Return who is told what the user agent tells of subscriptions."""
        events, turn = self.events, self._turn
        return {
            actions.SubscriptionRefreshed: lambda a: events.refreshed(a, now=turn.now, wall_s=turn.wall_s),
            actions.SubscriptionExpired: lambda a: events.expired(a, now=turn.now),
            actions.SubscriptionOver: events.over,
            actions.NotifyDue: lambda a: events.due(a, now=turn.now),
        }

    def follow(self, record: Record) -> None:
        """See a fact before it is applied."""
        for follower in self._followers.get(type(record.fact), ()):
            follower(record)
        if self._subscriptions:
            self.events.follow(record, now=self._turn.now)

    def end_turn(self) -> bool:
        """Tell phones what the turn has changed; return whether there was anything."""
        if not (self._lamp.marked or self._lines.marked or self.messages.marked or self.events.marked):
            return False
        now, wall_s = self._turn.now, self._turn.wall_s
        lamp, lines = self._lamp.end_turn(now=now), self._lines.end_turn(now=now)
        messages, events = self.messages.end_turn(now=now, wall_s=wall_s), self.events.end_turn(now=now)
        return lamp or lines or messages or events

    def resume(self) -> None:
        """Go on with what an earlier brain kept."""
        self.events.resume(now=self._turn.now, wall_s=self._turn.wall_s)
        self.publications.resume()
        self._lines.resume()

    def begin(self) -> None:
        """The sockets are open: tell phones what an earlier brain may not have told them."""
        self.events.begin(now=self._turn.now)
        self.messages.begin()

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        event, publication = self.events.next_deadline(), self.publications.next_deadline()
        if event is None or publication is None:
            return publication if event is None else event
        return min(event, publication)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self.events.handle_timer(now=now)
        self.publications.handle_timer(now=now)


def _placed(turn: Turn, fact: object, conversation_id: str) -> None:
    """Keep a fact that changes no state."""
    turn.place(fact, conversation_id)
