from __future__ import annotations

import pytest

from softswitch.sip.ua.actions import Ended, Reoffered
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, Rig

UPDATES = ("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")


def test_an_update_without_an_offer_is_answered_and_moves_the_target() -> None:
    rig = Rig()
    session = rig.talking_in()
    request = rig.within(session, "UPDATE", cseq=2)
    request.set("Contact", "<sip:101@10.9.9.9:6000>")
    rig.give(request)
    assert (rig.lines, rig.told) == (["200 UPDATE"], [])
    assert session.dialog.target == "sip:101@10.9.9.9:6000"
    assert session.changed


def test_an_update_with_an_offer_is_the_owners_to_answer_and_has_no_ack() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "UPDATE", cseq=2, sdp=OFFER))
    assert rig.take(Reoffered).sdp == OFFER
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    assert (rig.last_response().status, rig.last_response().sdp) == (200, ANSWER)
    rig.run(10.0)
    assert rig.lines == ["200 UPDATE"]
    rig.give(rig.within(session, "UPDATE", cseq=3, sdp=OFFER))
    rig.take(Reoffered)
    session.refuse_reoffer(488, now=0.0)
    rig.drain()
    assert rig.lines == ["200 UPDATE", "488 UPDATE"]


def test_an_update_with_an_offer_that_meets_our_reinvite_gets_491() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.reinvite(OFFER, now=0.0)
    rig.give(rig.within(session, "UPDATE", cseq=2, sdp=OFFER))
    assert rig.lines[-1] == "491 UPDATE"


def test_an_update_with_an_offer_before_the_call_is_answered_gets_500_with_retry_after() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(180, now=0.0)
    rig.give(rig.within(session, "UPDATE", cseq=2, sdp=OFFER))
    assert rig.lines[-1] == "500 UPDATE"
    assert rig.last_response().get("Retry-After")
    rig.give(rig.within(session, "UPDATE", cseq=3))
    assert rig.lines[-1] == "200 UPDATE"


def test_ours_goes_only_to_a_phone_that_allows_it() -> None:
    rig = Rig()
    session = rig.talking_in()
    assert not session.update(now=0.0)
    rig.give(rig.within(session, "UPDATE", cseq=2, headers=[UPDATES]))
    assert session.update(headers=(("P-Asserted-Identity", "<sip:104@switch>"),), now=0.0)
    rig.drain()
    assert rig.last_request().get("P-Asserted-Identity") == "<sip:104@switch>"
    answer = rig.answer(200)
    answer.set("Contact", "<sip:101@10.9.9.9:6000>")
    rig.give(answer)
    assert session.dialog.target == "sip:101@10.9.9.9:6000"


@pytest.mark.parametrize("status", [408, 481])
def test_a_phone_that_does_not_know_the_dialog_ends_it(status: int) -> None:
    rig = Rig()
    session = rig.talking_in()
    session.peer_allow = "UPDATE"
    session.update(now=0.0)
    rig.drain()
    rig.give(rig.answer(status))
    assert rig.take(Ended).status == status


def test_a_transport_that_fails_ends_nothing() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.peer_allow = "UPDATE"
    session.update(now=0.0)
    rig.drain()
    rig.ua.flow_failed(PHONE, now=0.0)
    rig.drain()
    assert rig.told == []


def test_a_bye_behind_an_update_that_waits_for_its_owner_answers_it() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "UPDATE", cseq=2, sdp=OFFER))
    rig.give(rig.within(session, "BYE", cseq=3))
    assert sorted(rig.lines) == ["200 BYE", "487 UPDATE"]
