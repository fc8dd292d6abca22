"""A switch collects garbage only in idle gaps, so sessions that are over must go without the collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.user_agent import Session
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, Rig


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def hung_up_by_us(rig: Rig) -> Session:
    session = rig.talking_in()
    session.bye(now=rig.now)
    rig.drain()
    rig.give(rig.answer(200))
    return session


def hung_up_by_the_phone(rig: Rig) -> Session:
    session = rig.talking_out()
    rig.give(rig.within(session, "BYE", cseq=2))
    return session


def cancelled_by_the_phone(rig: Rig) -> Session:
    session = rig.call_in()
    session.progress(180, now=rig.now)
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.dialog.local_tag))
    return session


def cancelled_by_us(rig: Rig) -> Session:
    session = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(180))
    session.cancel(now=rig.now)
    rig.drain()
    rig.give(rig.answer(200))
    rig.give(rig.answer(487, request=invite))
    return session


def never_acknowledged(rig: Rig) -> Session:
    session = rig.call_in()
    session.accept(ANSWER, now=rig.now)
    rig.run(rig.now + 32.0)
    return session


def reoffered_by_the_phone(rig: Rig) -> Session:
    session = rig.talking_in()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    session.accept_reoffer(ANSWER, now=rig.now)
    rig.drain()
    rig.give(rig.ack(session, cseq=2))
    rig.give(rig.within(session, "INVITE", cseq=3, sdp=OFFER))
    rig.give(rig.within(session, "BYE", cseq=4))
    return session


def reoffered_by_us(rig: Rig) -> Session:
    session = rig.talking_in()
    session.reinvite(OFFER, now=rig.now)
    rig.drain()
    rig.give(rig.answer(200, sdp=ANSWER))
    session.reinvite(OFFER, now=rig.now)
    rig.drain()
    rig.ua.flow_failed(PHONE, now=rig.now)
    rig.give(rig.within(session, "BYE", cseq=4))
    return session


@pytest.mark.parametrize(
    "end",
    [
        hung_up_by_us,
        hung_up_by_the_phone,
        cancelled_by_the_phone,
        cancelled_by_us,
        never_acknowledged,
        reoffered_by_the_phone,
        reoffered_by_us,
    ],
)
def test_a_session_that_is_over_is_freed_by_its_last_reference(
    end: Callable[[Rig], ServerSession | ClientSession],
) -> None:
    rig = Rig()
    gone = weakref.ref(end(rig))
    rig.run()
    rig.told.clear()
    assert gone() is None
