"""Subscriptions, the notifier's side: every input in every state, and what goes over the wire."""

from __future__ import annotations

import msgpack
import pytest

from softswitch.core.errors import LocalProtocolError, SipError
from softswitch.sip.message import Header, Request
from softswitch.sip.ua.actions import (
    NotifyDue,
    RequestArrived,
    SubscriptionExpired,
    SubscriptionOver,
    SubscriptionRefreshed,
)
from softswitch.sip.ua.subscription import ENDING, TABLE, Duration, Input, State, Subscription
from softswitch.sip.ua.subscription_snapshot import SubscriptionSnapshot
from tests.unit.sip.ua.rig import PHONE, TCP_PHONE, Rig

EVENT: Header = ("Event", "dialog")
LEADS_TO = {
    State.QUIET: {Input.NOTIFY: State.TELLING, Input.END: State.LEAVING},
    State.TELLING: {
        Input.NOTIFY: State.BEHIND,
        Input.TOLD: State.QUIET,
        Input.LATER: State.WAITING,
        Input.REFUSED: State.OVER,
        Input.END: State.LEAVING,
    },
    State.BEHIND: {
        Input.NOTIFY: State.BEHIND,
        Input.TOLD: State.QUIET,
        Input.LATER: State.WAITING,
        Input.REFUSED: State.OVER,
        Input.END: State.LEAVING,
    },
    State.WAITING: {Input.NOTIFY: State.WAITING, Input.RETRY: State.QUIET, Input.END: State.LEAVING},
    State.LEAVING: {Input.TOLD: State.OVER, Input.LATER: State.OVER, Input.REFUSED: State.OVER},
    State.OVER: {},
}


def subscribe(rig: Rig, *, headers: tuple[Header, ...] = (EVENT,), **named: str) -> Request:
    return rig.request("SUBSCRIBE", headers=headers, **named)  # type: ignore[arg-type]  # texts by name


def accepted(rig: Rig, *headers: Header, duration: Duration | None = None) -> Subscription:
    rig.give(subscribe(rig, headers=(EVENT, *headers)))
    arrived = rig.take(RequestArrived)
    made = rig.ua.accept_subscribe(
        arrived.request, arrived.flow, owner="lamp", duration=duration or Duration(), now=rig.now
    )
    rig.drain()
    return made


def told(rig: Rig) -> Subscription:
    made = accepted(rig)
    made.notify(now=rig.now)
    rig.drain()
    rig.give(rig.answer(200))
    rig.sent.clear()
    return made


def again(rig: Rig, made: Subscription, cseq: int, *headers: Header) -> Request:
    return rig.within(made, "SUBSCRIBE", cseq=cseq, headers=(EVENT, *headers))  # type: ignore[arg-type]  # has a dialog


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("given", Input)
def test_every_input_in_every_state_leads_where_it_shall_or_is_an_error(state: State, given: Input) -> None:
    wanted = LEADS_TO[state].get(given)
    if wanted is None:
        with pytest.raises(LocalProtocolError):
            TABLE.step(state, given)
    else:
        assert TABLE.step(state, given) is wanted


def test_a_subscription_is_accepted_with_its_time_and_notified_in_its_dialog() -> None:
    rig = Rig()
    made = accepted(rig, ("Record-Route", "<sip:10.0.0.9;lr>"), ("Expires", "600"))
    response = rig.last_response()
    assert (response.status, response.expires, response.get("Record-Route")) == (200, 600, "<sip:10.0.0.9;lr>")
    made.notify((("Content-Type", "a/b"),), b"body", now=rig.now)
    rig.drain()
    notify = rig.last_request()
    assert (notify.method, notify.uri, notify.get("Route")) == ("NOTIFY", "sip:101@10.0.0.2:5060", "<sip:10.0.0.9;lr>")
    assert notify.from_.tag == response.to.tag
    assert notify.to.tag == "phone"
    assert (notify.get("Event"), notify.get("Subscription-State")) == ("dialog", "active;expires=600")
    assert (notify.get("Content-Type"), notify.body) == ("a/b", b"body")


def test_a_subscribe_that_is_sent_again_gets_the_same_answer() -> None:
    rig = Rig()
    rig.give(subscribe(rig, branch="z9hG4bKone"))
    arrived = rig.take(RequestArrived)
    rig.ua.accept_subscribe(arrived.request, arrived.flow, owner="lamp", duration=Duration(), now=rig.now)
    rig.drain()
    rig.give(subscribe(rig, branch="z9hG4bKone"))
    assert rig.told == []
    assert rig.lines == ["200 SUBSCRIBE", "200 SUBSCRIBE"]


@pytest.mark.parametrize(
    ("asked", "granted"), [((), 3600), ((("Expires", "90"),), 90), ((("Expires", "99999"),), 3600)]
)
def test_what_is_asked_is_granted_within_bounds(asked: tuple[Header, ...], granted: int) -> None:
    assert accepted(Rig(), *asked).granted_s == granted


def test_too_brief_a_time_and_a_missing_contact_are_errors_and_leave_nothing() -> None:
    rig = Rig()
    rig.give(subscribe(rig, headers=(EVENT, ("Expires", "5"))))
    arrived = rig.take(RequestArrived)
    with pytest.raises(SipError) as brief:
        rig.ua.accept_subscribe(arrived.request, PHONE, owner="lamp", duration=Duration(), now=rig.now)
    assert brief.value.status_hint == 423
    arrived.request.remove("Contact")
    arrived.request.remove("Expires")
    with pytest.raises(SipError):
        rig.ua.accept_subscribe(arrived.request, PHONE, owner="lamp", duration=Duration(), now=rig.now)
    assert rig.ua._core.subscriptions == {}


def test_while_a_notify_is_under_way_what_changes_is_told_once_when_it_is_answered() -> None:
    rig = Rig()
    made = accepted(rig)
    assert made.notify(now=rig.now)
    rig.drain()
    rig.sent.clear()
    first = made.dialog.local_cseq
    assert not made.notify(now=rig.now)
    assert not made.notify(now=rig.now)
    rig.drain()
    assert rig.sent == []
    asked = rig.ua._core.layer  # the NOTIFY under way
    assert asked
    rig.sends.clear()
    rig.give(rig.answer(200, request=_notify_of(rig, made, first)))
    assert rig.take(NotifyDue) == NotifyDue("lamp", lost=False)
    assert made.is_quiet


def _notify_of(rig: Rig, made: Subscription, cseq: int) -> Request:
    (key,) = [key for key in rig.ua._core.layer._clients if key[1] == "NOTIFY"]
    via = f"SIP/2.0/UDP 10.0.0.1:5060;branch={key[0]};rport"
    return made.dialog.request("NOTIFY", cseq, via, [])


@pytest.mark.parametrize("status", sorted(ENDING))
def test_a_subscriber_that_does_not_want_it_any_more_ends_it(status: int) -> None:
    rig = Rig()
    made = accepted(rig)
    made.notify(now=rig.now)
    rig.drain()
    rig.give(rig.answer(status))
    assert rig.take(SubscriptionOver).owner == "lamp"
    assert rig.ua._core.subscriptions == {}
    rig.give(again(rig, made, 2))
    assert rig.last_response().status == 481


def test_a_subscriber_that_does_not_answer_is_gone_after_32_s() -> None:
    rig = Rig()
    made = accepted(rig)
    made.notify(now=rig.now)
    rig.run(31.0)
    assert rig.told == []
    rig.run(33.0)
    assert rig.take(SubscriptionOver).reason == "no answer to NOTIFY"
    assert made.is_over


def test_a_subscriber_that_is_busy_is_told_when_it_wants() -> None:
    rig = Rig()
    made = accepted(rig)
    made.notify(now=rig.now)
    rig.drain()
    rig.give(rig.answer(503, headers=(("Retry-After", "7"),)))
    assert made.state is State.WAITING
    assert not made.notify(now=rig.now)
    rig.run(6.9)
    assert rig.told == []
    rig.run(7.1)
    assert rig.take(NotifyDue).lost


def test_a_subscriber_whose_connection_is_gone_is_told_when_it_comes_another_way() -> None:
    rig = Rig()
    rig.give(subscribe(rig), TCP_PHONE)
    arrived = rig.take(RequestArrived)
    made = rig.ua.accept_subscribe(arrived.request, arrived.flow, owner="lamp", duration=Duration(), now=rig.now)
    made.notify(now=rig.now)
    rig.ua.flow_failed(TCP_PHONE, now=rig.now)
    rig.drain()
    assert (made.state, rig.told) == (State.WAITING, [])
    made.move_to(PHONE, now=rig.now)
    rig.drain()
    assert rig.take(NotifyDue).lost
    made.notify(now=rig.now)
    rig.drain()
    assert rig.sends[-1][1] == PHONE


def test_a_refresh_is_answered_moves_the_target_and_is_told() -> None:
    rig = Rig()
    made = told(rig)
    rig.now = 1000.0
    request = again(rig, made, 2, ("Expires", "120"))
    request.set("Contact", "<sip:101@10.0.0.2:5099>")
    rig.give(request)
    assert (rig.last_response().status, rig.last_response().expires) == (200, 120)
    assert rig.take(SubscriptionRefreshed) == SubscriptionRefreshed("lamp", 120)
    assert made.dialog.target == "sip:101@10.0.0.2:5099"
    rig.run(1119.0)
    assert rig.told == []
    rig.run(1121.0)
    assert rig.take(SubscriptionExpired).owner == "lamp"


def test_a_subscription_that_is_given_up_is_told_for_the_last_time() -> None:
    rig = Rig()
    made = told(rig)
    rig.give(again(rig, made, 2, ("Expires", "0")))
    assert rig.take(SubscriptionRefreshed).granted_s == 0
    made.end("timeout", (("Content-Type", "a/b"),), b"last", now=rig.now)
    made.end("timeout", now=rig.now)
    rig.drain()
    notify = rig.last_request()
    assert (notify.get("Subscription-State"), notify.body) == ("terminated;reason=timeout", b"last")
    assert rig.lines == ["200 SUBSCRIBE", "NOTIFY"]
    rig.give(again(rig, made, 3))
    assert rig.last_response().status == 481
    rig.give(rig.answer(200))
    assert not made.notify(now=rig.now)
    assert rig.told == []
    rig.assert_at_rest()
    assert rig.ua._core.subscriptions == {}


def test_a_subscription_that_nobody_refreshes_expires() -> None:
    rig = Rig()
    told(rig)
    rig.run(3599.0)
    assert rig.told == []
    rig.run(3601.0)
    assert rig.take(SubscriptionExpired).owner == "lamp"


@pytest.mark.parametrize(
    ("cseq", "headers", "status"),
    [
        (2, (("Expires", "5"),), 423),
        (2, (("Event", "presence"),), 489),
        (2, (("Event", "dialog;id=2"),), 489),
        (0, (), 500),
    ],
)
def test_a_refresh_that_cannot_be_changes_nothing(cseq: int, headers: tuple[Header, ...], status: int) -> None:
    rig = Rig()
    made = told(rig)
    request = again(rig, made, cseq)
    for name, value in headers:
        request.set(name, value)
    rig.give(request)
    assert (rig.last_response().status, rig.told, made.granted_s) == (status, [], 3600)


def test_what_is_no_subscribe_is_refused_within_the_dialog() -> None:
    rig = Rig()
    made = told(rig)
    rig.give(rig.within(made, "INFO", cseq=2))  # type: ignore[arg-type]  # has a dialog
    assert (rig.last_response().status, rig.last_response().get("Allow")) == (405, "SUBSCRIBE")


def test_after_a_restart_it_goes_on_with_a_cseq_a_thousand_above_and_what_was_left() -> None:
    rig = Rig()
    made = told(rig)
    values = msgpack.unpackb(msgpack.packb(tuple(made.snapshot())), use_list=False)
    last = made.dialog.local_cseq
    rig.restart()
    restored = rig.ua.restore_subscription(
        SubscriptionSnapshot.from_values(values), owner="lamp", duration=Duration(), left_s=50.0, now=rig.now
    )
    restored.notify(now=rig.now)
    rig.drain()
    notify = rig.last_request()
    assert (notify.cseq.number, notify.get("Subscription-State")) == (last + 1001, "active;expires=50")
    rig.give(rig.answer(200))
    rig.give(again(rig, restored, 2, ("Expires", "60")))
    assert rig.last_response().status == 200
    rig.told.clear()
    rig.run(59.0)
    assert rig.told == []
    rig.run(61.0)
    assert rig.take(SubscriptionExpired).owner == "lamp"
