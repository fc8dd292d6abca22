from __future__ import annotations

import pytest

from softswitch.sip.message import Header
from softswitch.sip.ua.actions import Answered, Ended, RefreshDue, Rejected, Reoffered, ReofferRefused
from softswitch.sip.ua.server_session import ServerSession
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, Rig

TIMER: Header = ("Supported", "replaces, timer")
UPDATES: Header = ("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")


def answered_in(rig: Rig, *headers: Header) -> ServerSession:
    session = rig.call_in(headers=headers)
    session.accept(ANSWER, now=rig.now)
    rig.drain()
    return session


def talking_in(rig: Rig, *headers: Header) -> ServerSession:
    session = answered_in(rig, *headers)
    rig.give(rig.ack(session))
    rig.told.clear()
    rig.sent.clear()
    return session


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ((TIMER, ("Session-Expires", "600")), "600;refresher=uas"),
        ((TIMER, ("Session-Expires", "600;refresher=uas")), "600;refresher=uas"),
        ((TIMER, ("Session-Expires", "600 ; refresher=uac")), "600;refresher=uac"),
        ((TIMER,), "1800;refresher=uas"),
        ((TIMER, ("Session-Expires", "soon")), "1800;refresher=uas"),
    ],
)
def test_the_caller_that_knows_the_timer_is_told_who_refreshes(asked: tuple[Header, ...], agreed: str) -> None:
    rig = Rig()
    answered_in(rig, *asked)
    ok = rig.last_response()
    assert (ok.get("Session-Expires"), ok.get("Require")) == (agreed, "timer")


def test_a_caller_without_the_timer_behind_a_proxy_that_has_one_is_refreshed_by_us() -> None:
    rig = Rig()
    answered_in(rig, ("Session-Expires", "50;refresher=uac"))
    ok = rig.last_response()
    assert (ok.get("Session-Expires"), ok.get("Require")) == ("90;refresher=uas", None)


def test_an_interval_that_is_too_brief_is_422() -> None:
    rig = Rig()
    rig.give(rig.request("INVITE", sdp=OFFER, headers=[TIMER, ("Session-Expires", "89")]))
    assert (rig.last_response().status, rig.last_response().get("Min-SE")) == (422, "90")


def test_we_refresh_by_update_at_half_of_the_interval_and_again() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.run(299.9)
    assert rig.lines == []
    rig.run(300.0)
    update = rig.last_request("UPDATE")
    assert (update.get("Session-Expires"), update.body) == ("600;refresher=uac", b"")
    rig.give(rig.answer(200, headers=[("Session-Expires", "600;refresher=uac"), ("Require", "timer")]))
    rig.run(600.0)
    assert rig.lines == ["UPDATE", "UPDATE"]
    assert session.is_confirmed


def test_a_phone_that_does_not_answer_the_refresh_is_lost() -> None:
    rig = Rig()
    talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.run(332.0)
    assert rig.take(Ended).status == 408
    assert rig.last_request().method == "BYE"
    rig.give(rig.answer(200))
    rig.assert_at_rest()


@pytest.mark.parametrize("headers", [(TIMER,), (TIMER, UPDATES)])
def test_without_update_the_owner_is_asked_for_a_reinvite(headers: tuple[Header, ...]) -> None:
    rig = Rig()
    session = talking_in(rig, *headers, ("Session-Expires", "600"))
    rig.run(300.0)
    if UPDATES in headers:
        rig.give(rig.answer(501))
    rig.take(RefreshDue)
    session.reinvite(ANSWER, now=rig.now)
    rig.drain()
    assert rig.last_request("INVITE").get("Session-Expires") == "600;refresher=uac"
    rig.give(rig.answer(200, sdp=OFFER, headers=[("Session-Expires", "600;refresher=uac")]))
    rig.told.clear()
    rig.run(599.0)
    assert rig.told == []
    rig.run(600.0)
    rig.take(RefreshDue)
    rig.run(900.0)
    assert rig.take(Ended).reason == "Session expired"


def test_a_refresh_that_meets_the_peers_reinvite_is_wanted_once_more_after_the_wait() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, ("Session-Expires", "600"))
    rig.run(300.0)
    rig.take(RefreshDue)
    session.reinvite(ANSWER, now=rig.now)
    rig.drain()
    rig.give(rig.answer(491))
    assert rig.told == []
    rig.run(305.0)
    assert [type(told) for told in rig.told] == [ReofferRefused, RefreshDue]
    rig.told.clear()
    session.reinvite(ANSWER, now=rig.now)
    rig.drain()
    rig.give(rig.answer(200, sdp=OFFER, headers=[("Session-Expires", "600;refresher=uac")]))
    rig.told.clear()
    rig.run(600.0)
    assert rig.told == []


def test_a_refresh_that_is_422_is_sent_again_with_the_greater_interval() -> None:
    rig = Rig()
    talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.run(300.0)
    rig.give(rig.answer(422, headers=[("Min-SE", "1000")]))
    assert rig.lines == ["UPDATE", "UPDATE"]
    assert rig.last_request().get("Session-Expires") == "1000;refresher=uac"


def test_a_refresh_that_is_refused_for_the_moment_is_tried_10_s_later() -> None:
    rig = Rig()
    talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.run(300.0)
    rig.give(rig.answer(491))
    rig.run(309.0)
    assert rig.lines == ["UPDATE"]
    rig.run(310.0)
    assert rig.lines == ["UPDATE", "UPDATE"]


def test_a_phone_that_has_to_refresh_and_does_not_is_hung_up() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, ("Session-Expires", "600;refresher=uac"))
    rig.run(500.0)
    rig.give(rig.within(session, "UPDATE", cseq=2, headers=[TIMER, ("Session-Expires", "600;refresher=uac")]))
    ok = rig.last_response()
    assert (ok.status, ok.get("Session-Expires")) == (200, "600;refresher=uac")
    rig.run(1067.0)
    assert rig.told == []
    rig.run(1068.0)
    assert rig.take(Ended).reason == "Session expired"


def test_a_reinvite_of_the_phone_refreshes_too() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, ("Session-Expires", "600;refresher=uac"))
    rig.run(500.0)
    rig.give(
        rig.within(session, "INVITE", cseq=2, sdp=OFFER, headers=[TIMER, ("Session-Expires", "300;refresher=uac")])
    )
    rig.take(Reoffered)
    session.accept_reoffer(ANSWER, now=rig.now)
    rig.drain()
    assert rig.last_response().get("Session-Expires") == "300;refresher=uac"
    rig.give(rig.ack(session, 2))
    rig.run(767.0)
    assert rig.told == []
    rig.run(768.0)
    assert rig.take(Ended).reason == "Session expired"


def test_a_phone_without_a_timer_is_asked_for_a_sign_of_life_every_15_minutes() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.run(900.0)
    assert rig.lines == ["OPTIONS"]
    rig.give(rig.answer(200))
    rig.run(1800.0)
    assert rig.lines == ["OPTIONS", "OPTIONS"]
    rig.give(rig.answer(481))
    assert rig.take(Ended).status == 481
    assert session.is_over


def test_our_invite_proposes_half_an_hour_and_the_callee_may_choose_us() -> None:
    rig = Rig()
    rig.call_out()
    invite = rig.last_request()
    assert (invite.get("Session-Expires"), invite.get("Min-SE")) == ("1800", "90")
    rig.give(rig.answer(200, sdp=ANSWER, headers=[UPDATES, ("Session-Expires", "1200;refresher=uac")]))
    rig.take(Answered)
    rig.run(600.0)
    assert rig.last_request().method == "UPDATE"


def test_a_callee_that_chose_itself_and_is_silent_is_hung_up() -> None:
    rig = Rig()
    rig.call_out()
    rig.give(rig.answer(200, sdp=ANSWER, headers=[("Session-Expires", "1200;refresher=uas")]))
    rig.take(Answered)
    rig.run(1168.0)
    assert rig.take(Ended).reason == "Session expired"


def test_an_invite_that_is_422_goes_out_again_once_with_the_interval_asked_for() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(422, headers=[("Min-SE", "3600")]))
    again = rig.last_request("INVITE")
    assert rig.lines == ["INVITE", "ACK", "INVITE"]
    assert (again.get("Session-Expires"), again.get("Min-SE"), again.cseq.number) == ("3600", "3600", 2)
    assert (again.sdp, again.call_id) == (OFFER, session.sip_call_id)
    assert rig.told == []
    session.cancel(now=0.0)
    rig.give(rig.answer(180))
    assert rig.last_request().cseq.number == 2
    rig.give(rig.answer(200, request=rig.last_request("CANCEL")))
    rig.give(rig.answer(487, request=again))
    assert rig.take(Rejected).status == 487
    rig.assert_at_rest()


def test_an_invite_that_is_422_twice_is_refused() -> None:
    rig = Rig()
    rig.call_out()
    for least in ("3600", "7200"):
        rig.give(rig.answer(422, headers=[("Min-SE", least)]))
    assert rig.take(Rejected).status == 422


def test_the_timer_outlives_a_restart() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.run(100.0)
    rig.resumed(session)
    rig.run(400.0)
    assert rig.last_request().get("Session-Expires") == "600;refresher=uac"


def test_a_bye_stops_the_timer() -> None:
    rig = Rig()
    session = talking_in(rig, TIMER, UPDATES, ("Session-Expires", "600"))
    rig.give(rig.within(session, "BYE", cseq=2), PHONE)
    rig.take(Ended)
    rig.assert_at_rest()
