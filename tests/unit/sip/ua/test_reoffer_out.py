from __future__ import annotations

import pytest

from softswitch.sip.ua.actions import Ended, ReofferAnswered, Reoffered, ReofferRefused
from softswitch.sip.ua.reoffer_out import TABLE, Input, State
from softswitch.sip.ua.server_session import ServerSession
from tests.unit.sip.transaction.rig import walk
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, Rig


def reinviting(rig: Rig) -> ServerSession:
    session = rig.talking_in()
    session.reinvite(OFFER, now=rig.now)
    rig.drain()
    return session


def test_the_table_is_whole() -> None:
    def step(state: State, given: Input) -> State:
        return TABLE.step(state, given)

    walk(TABLE, State, Input, step)


def test_an_answer_is_acknowledged_and_moves_the_target() -> None:
    rig = Rig()
    session = reinviting(rig)
    invite = rig.last_request()
    assert (invite.method, invite.sdp, invite.to.tag) == ("INVITE", OFFER, "phone")
    session.snapshot()
    answer = rig.answer(200, sdp=ANSWER)
    answer.set("Contact", "<sip:101@10.9.9.9:6000>")
    rig.give(rig.answer(180))
    rig.give(answer)
    assert rig.take(ReofferAnswered).sdp == ANSWER
    ack = rig.last_request()
    assert (ack.method, ack.cseq.number, ack.uri) == ("ACK", invite.cseq.number, "sip:101@10.9.9.9:6000")
    assert session.changed
    rig.give(answer)
    assert rig.lines == ["INVITE", "ACK", "ACK"]
    assert rig.told == []


@pytest.mark.parametrize("status", [488, 500, 606])
def test_a_refusal_leaves_the_session_as_it_was(status: int) -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.give(rig.answer(status))
    assert rig.take(ReofferRefused).status == status
    assert session.is_confirmed
    session.reinvite(OFFER, now=0.0)
    rig.drain()
    assert rig.lines == ["INVITE", "ACK", "INVITE"]


@pytest.mark.parametrize(("status", "bye"), [(481, False), (408, True)])
def test_a_peer_that_lost_the_dialog_ends_it(status: int, bye: bool) -> None:
    rig = Rig()
    reinviting(rig)
    rig.give(rig.answer(status))
    assert rig.take(Ended).status == status
    assert ("BYE" in rig.lines) is bye


def test_silence_ends_the_dialog_after_32_s() -> None:
    rig = Rig()
    reinviting(rig)
    rig.run(32.0)
    assert rig.take(Ended).status == 408
    assert rig.last_request().method == "BYE"


def test_a_transport_that_fails_refuses_it_only() -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.ua.flow_failed(PHONE, now=0.0)
    rig.drain()
    assert rig.take(ReofferRefused).status == 503
    assert session.is_confirmed


def test_a_second_one_while_the_first_is_under_way_is_not_sent() -> None:
    rig = Rig()
    session = reinviting(rig)
    session.reinvite(OFFER, now=0.0)
    rig.drain()
    assert rig.told == []
    assert rig.lines == ["INVITE"]


def test_after_a_glare_the_owner_is_told_when_the_wait_of_the_one_that_was_called_is_over() -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.give(rig.answer(491))
    assert rig.told == []
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    rig.take(Reoffered)
    session.refuse_reoffer(488, now=0.0)
    rig.run(2.0)
    assert rig.take(ReofferRefused).status == 491
    session.reinvite(OFFER, now=rig.now)
    rig.drain()
    assert rig.lines[-1] == "INVITE"


def test_after_a_glare_the_one_that_called_waits_at_least_2_1_s() -> None:
    rig = Rig()
    session = rig.talking_out()
    session.reinvite(OFFER, now=0.0)
    rig.drain()
    rig.give(rig.answer(491))
    rig.run(2.09)
    assert rig.told == []
    rig.run(4.0)
    assert rig.take(ReofferRefused).status == 491


def test_a_reinvite_that_meets_ours_gets_491() -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    assert rig.last_response().status == 491
    assert rig.told == []


def test_a_reinvite_of_ours_waits_while_theirs_is_open() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    rig.told.clear()
    session.reinvite(OFFER, now=0.0)
    rig.drain()
    assert rig.told == []
    rig.run(2.0)
    assert rig.take(ReofferRefused).status == 491


def test_a_peer_that_answers_provisionally_for_ever_is_given_up_after_timer_c() -> None:
    rig = Rig()
    reinviting(rig)
    rig.give(rig.answer(180))
    rig.run(180.0)
    assert rig.take(Ended).status == 408
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_a_bye_ends_the_waiting_for_it() -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.take(Ended).status == 200
    rig.assert_at_rest()


def test_our_bye_after_an_answered_one_ends_everything() -> None:
    rig = Rig()
    session = reinviting(rig)
    rig.give(rig.answer(200, sdp=ANSWER))
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.answer(200))
    rig.assert_at_rest()
