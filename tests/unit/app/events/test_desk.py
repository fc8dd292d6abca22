"""What the desk does where no phone can show it: packages that are gone, limits, who is told after a start."""

from __future__ import annotations

from softswitch.app.events.desk import EventDesk
from softswitch.app.events.limits import EventLimits
from softswitch.app.events.listing import Lists
from softswitch.app.events.message_summary import MessageSummaryPackage, NoMailboxes
from softswitch.core.facts import Record
from softswitch.core.ids import Entropy
from softswitch.directory.location import LocationState
from softswitch.directory.site import Site, User
from softswitch.directory.subscriptions import SubscriptionEnded, SubscriptionMade, Subscriptions
from softswitch.sip.message import Request
from softswitch.sip.ua.actions import RequestArrived
from tests.unit.sip.ua.rig import Rig

ANNA = User("anna", "101", "Anna", "", "")
SITE = Site("switch", {"anna": ANNA})


class DeskRig:
    def __init__(self, *, limits: EventLimits | None = None) -> None:
        self.rig = Rig()
        self.state = Subscriptions()
        self.facts: list[object] = []
        self.desk = EventDesk(
            ua=self.rig.ua,
            state=self.state,
            packages=[MessageSummaryPackage(NoMailboxes(), lambda: SITE, "switch")],
            lists=Lists(lambda: SITE, "switch"),
            locations=LocationState(),
            user_of=SITE.users.get,
            entropy=Entropy(self.rig.random.randbytes),
            record=self.record,
            limits=limits,
        )

    def record(self, fact: object) -> None:
        self.facts.append(fact)
        self.state.apply(Record(len(self.facts), 0.0, "", fact))

    def subscribe(self, call_id: str) -> int:
        request = self.rig.request("SUBSCRIBE", call_id=call_id, headers=(("Event", "message-summary"),))
        own = Request("SUBSCRIBE", "sip:101@switch", request.headers)
        self.rig.give(own)
        arrived = self.rig.take(RequestArrived)
        self.desk.subscribe(arrived.request, arrived.flow, ANNA, now=self.rig.now, wall_s=0.0)
        self.rig.drain()
        return self.rig.last_response().status


def test_beyond_a_users_limit_a_subscription_is_503_and_one_that_is_made_again_is_not() -> None:
    rig = DeskRig(limits=EventLimits(each_user=2))
    assert [rig.subscribe("a"), rig.subscribe("b"), rig.subscribe("c")] == [200, 200, 503]
    assert rig.rig.last_response().get("Retry-After") == "60"
    assert rig.subscribe("b") == 200
    assert len(rig.state) == 2


def test_after_a_start_everybody_is_told_and_what_nobody_serves_any_more_is_over() -> None:
    rig = DeskRig()
    assert rig.subscribe("a") == 200
    known = next(iter(rig.state))
    strange = SubscriptionMade("x", "anna", "strange", "101", (), 3600.0, known.dialog)
    rig.record(strange)
    other = DeskRig()
    for fact in rig.facts:
        other.record(fact)
    other.facts.clear()
    other.desk.resume(now=0.0, wall_s=0.0)
    assert other.facts == [SubscriptionEnded("x", "noresource")]
    other.desk.begin(now=0.0)
    due = other.desk.next_deadline()
    assert due is not None
    other.desk.handle_timer(now=due)
    other.rig.drain()
    assert other.rig.lines == ["NOTIFY"]
    assert other.desk.next_deadline() is None
