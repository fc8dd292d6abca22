from __future__ import annotations

from softswitch.sip.ua.actions import Ended, InfoArrived, Reoffered
from softswitch.sip.ua.core import ALLOW
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, Rig


def test_a_request_from_a_new_source_moves_the_flow_and_further_requests_go_there() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.snapshot()
    moved = PHONE._replace(remote=("203.0.113.5", 40000))
    rig.give(rig.within(session, "INFO", cseq=2), moved)
    assert session.flow == moved
    assert session.changed
    session.bye(now=0.0)
    rig.drain()
    assert rig.sends[-1][1] == moved


def test_a_cseq_below_the_last_is_refused_with_500() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "INFO", cseq=5))
    rig.give(rig.within(session, "INFO", cseq=4))
    assert rig.lines == ["200 INFO", "500 INFO"]
    rig.give(rig.within(session, "BYE", cseq=6))
    assert rig.lines[-1] == "200 BYE"


def test_an_info_is_answered_and_told() -> None:
    rig = Rig()
    session = rig.talking_in()
    info = rig.within(session, "INFO", cseq=2, headers=[("Content-Type", "Application/DTMF-Relay ;x=1")])
    info.body = b"Signal=5"
    rig.give(info)
    told = rig.take(InfoArrived)
    assert (told.session, told.content_type, told.body) == (session, "application/dtmf-relay", b"Signal=5")


def test_options_within_the_dialog_says_what_is_allowed() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "OPTIONS", cseq=2))
    ok = rig.last_response()
    assert (ok.status, ok.get("Allow"), ok.get("Accept")) == (
        200,
        ALLOW,
        "application/sdp, multipart/mixed",
    )


def test_a_method_that_is_not_supported_gets_405_and_one_that_nobody_knows_501() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "SUBSCRIBE", cseq=2))
    assert (rig.last_response().status, rig.last_response().get("Allow")) == (
        405,
        ALLOW,
    )
    rig.give(rig.within(session, "DANCE", cseq=3))
    assert rig.last_response().status == 501


def test_requires_that_are_not_known_get_420_but_a_bye_is_taken_all_the_same() -> None:
    rig = Rig()
    session = rig.talking_in()
    rig.give(rig.within(session, "INFO", cseq=2, headers=[("Require", "timer, x")]))
    assert (rig.last_response().status, rig.last_response().get("Unsupported")) == (420, "x")
    rig.give(rig.within(session, "BYE", cseq=3, headers=[("Require", "x")]))
    assert rig.lines[-1] == "200 BYE"


def test_a_body_that_is_no_sdp_refuses_a_reinvite_with_415() -> None:
    rig = Rig()
    session = rig.talking_in()
    reinvite = rig.within(session, "INVITE", cseq=2, headers=[("Content-Type", "text/plain")])
    reinvite.body = b"hello"
    rig.give(reinvite)
    assert (rig.last_response().status, rig.last_response().get("Accept")) == (415, "application/sdp, multipart/mixed")
    assert rig.told == []


def test_our_bye_ends_it_at_once_and_is_repeated_until_it_is_answered() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.bye(headers=[("Reason", "Q.850;cause=16")], now=0.0)
    rig.run(1.0)
    assert rig.lines == ["BYE", "BYE"]
    bye = rig.last_request()
    assert (bye.get("Reason"), bye.to.tag, bye.from_.tag) == ("Q.850;cause=16", "phone", session.dialog.local_tag)
    assert rig.ua.counts().dialogs == 0
    assert rig.ua.counts().transactions == 1
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_crossing_byes_are_both_answered_with_200() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.lines == ["BYE", "200 BYE"]
    rig.give(rig.within(session, "INFO", cseq=3))
    assert rig.lines[-1] == "481 INFO"
    assert rig.told == []
    rig.give(rig.answer(200))
    rig.give(rig.within(session, "INFO", cseq=4))
    assert rig.lines[-1] == "481 INFO"
    rig.assert_at_rest()


def test_a_bye_that_nobody_answers_is_given_up() -> None:
    rig = Rig()
    rig.talking_in().bye(now=0.0)
    rig.run(40.0)
    rig.assert_at_rest()
    rig.talking_in().bye(now=rig.now)
    rig.drain()
    rig.ua.flow_failed(PHONE, now=rig.now)
    rig.assert_at_rest()


def test_options_of_ours_show_that_the_peer_lives() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.options(now=0.0)
    rig.drain()
    assert rig.lines == ["OPTIONS"]
    rig.give(rig.answer(405))
    assert rig.told == []
    assert session.is_confirmed


def test_options_of_ours_show_that_the_peer_has_forgotten_the_dialog() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.options(now=0.0)
    rig.drain()
    rig.give(rig.answer(481))
    assert rig.take(Ended).status == 481
    assert rig.lines == ["OPTIONS"]
    rig.assert_at_rest()


def test_options_of_ours_show_that_the_peer_is_silent() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.options(now=0.0)
    rig.run(32.0)
    assert rig.take(Ended).status == 408
    assert rig.last_request().method == "BYE"
    rig.give(rig.answer(481))
    rig.assert_at_rest()


def test_a_stream_that_fails_under_our_options_proves_nothing() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.options(now=0.0)
    rig.drain()
    rig.ua.flow_failed(PHONE, now=0.0)
    rig.drain()
    assert rig.told == []
    assert session.is_confirmed


def test_a_session_can_be_moved_to_where_its_phone_registered() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.snapshot()
    session.move_to(session.flow)
    assert not session.changed
    moved = PHONE._replace(remote=("203.0.113.5", 40000))
    session.move_to(moved)
    assert session.changed
    session.options(now=0.0)
    rig.drain()
    assert rig.sends[-1][1] == moved


def test_the_side_that_owns_the_call_id_waits_longer_after_a_glare() -> None:
    rig = Rig()
    caller, callee = rig.talking_out(), rig.talking_in()
    assert all(2.1 <= caller.glare_delay_s() < 4.0 for _ in range(50))
    assert all(0.0 <= callee.glare_delay_s() < 2.0 for _ in range(50))


def test_a_2xx_to_an_invite_of_a_former_process_is_acknowledged() -> None:
    rig = Rig()
    session = rig.talking_in()
    asked = rig.request("INVITE", cseq=1001, call_id=session.sip_call_id)
    asked.set("From", session.dialog.local)
    stray = rig.answer(200, request=asked, sdp=ANSWER)
    rig.give(stray)
    assert rig.lines == ["ACK"]
    assert rig.last_request().cseq.number == 1001
    rig.give(rig.answer(200, request=asked, to_tag="someone"))
    assert rig.lines == ["ACK"]


def test_a_reinvite_right_behind_a_lost_ack_is_taken_for_it() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.drain()
    rig.sent.clear()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    assert [type(action).__name__ for action in rig.told] == ["Acknowledged", "Reoffered"]
    assert isinstance(rig.told[1], Reoffered)
    rig.run(5.0)
    assert rig.lines == ["100 INVITE"]


def test_a_reinvite_while_the_acks_answer_is_missing_gets_491() -> None:
    rig = Rig()
    session = rig.call_in(sdp="")
    session.accept(OFFER, now=0.0)
    rig.drain()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    assert rig.last_response().status == 491


def test_a_reinvite_before_our_answer_gets_500_with_retry_after() -> None:
    rig = Rig()
    session = rig.call_in()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=OFFER))
    assert rig.last_response().status == 500
    assert 0 <= int(rig.last_response().get("Retry-After") or "") <= 10
    session.accept(ANSWER, now=0.0)
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.within(session, "INVITE", cseq=3, sdp=OFFER))
    assert rig.last_response().status == 481


def test_a_provisional_response_to_our_bye_is_no_end_of_it() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.answer(100))
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.lines == ["BYE", "200 BYE"]


def test_a_dialog_that_is_found_dead_after_our_bye_is_not_told_again() -> None:
    rig = Rig()
    session = rig.talking_in()
    session.options(now=0.0)
    rig.drain()
    asked = rig.last_request()
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.answer(481, request=asked))
    assert rig.told == []
