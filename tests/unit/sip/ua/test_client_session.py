from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.message import Response
from softswitch.sip.ua.actions import Answered, Ended, Progressed, Rejected
from softswitch.sip.ua.client_states import TABLE, ClientInput, ClientState
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, TCP_PHONE, Rig


def test_an_invite_is_sent_as_it_is_ordered() -> None:
    rig = Rig()
    session = rig.call_out(rig.order(route=("<sip:edge;lr>",), headers=(("Alert-Info", "<x>"),)))
    invite = rig.last_request("INVITE")
    assert invite.uri == "sip:102@10.0.0.2:5060;transport=UDP"
    assert invite.get("From") == f'"Anna" <sip:101@switch>;tag={session.dialog.local_tag}'
    assert (invite.get("To"), invite.to.tag) == ("<sip:102@switch>", None)
    assert (invite.get("Route"), invite.get("Max-Forwards"), invite.get("Alert-Info")) == ("<sip:edge;lr>", "69", "<x>")
    assert invite.get("Contact") == "<sip:switch@10.0.0.1:5060>"
    assert invite.via.branch.startswith("z9hG4bK")
    assert "rport" in invite.via.parameters
    assert invite.sdp == OFFER
    assert session.sip_call_id == invite.call_id


def test_over_tcp_via_and_contact_say_so() -> None:
    rig = Rig()
    rig.call_out(rig.order(flow=TCP_PHONE))
    invite = rig.last_request()
    assert invite.via.transport == "tcp"
    assert invite.get("Contact") == "<sip:switch@10.0.0.1:5060;transport=tcp>"


def test_provisional_responses_are_told_but_100_is_not() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(100))
    assert rig.told == []
    rig.give(rig.answer(180))
    assert rig.take(Progressed).status == 180
    rig.give(rig.answer(183, sdp=ANSWER, to_tag="other-branch"))
    told = rig.take(Progressed)
    assert (told.status, told.sdp, session.state) == (183, ANSWER, ClientState.EARLY)


def test_an_answer_is_acknowledged_at_once_by_the_route_that_it_recorded() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(200, sdp=ANSWER, headers=[("Record-Route", "<sip:p2;lr>, <sip:p1;lr>")]))
    assert rig.take(Answered).sdp == ANSWER
    ack = rig.last_request()
    assert (ack.method, ack.uri, ack.cseq.number) == ("ACK", "sip:102@10.0.0.2:5060", 1)
    assert ack.get("Route") == "<sip:p1;lr>, <sip:p2;lr>"
    assert ack.to.tag == "phone"
    assert ack.via.branch != rig.last_request("INVITE").via.branch
    assert session.state is ClientState.CONFIRMED
    assert rig.ua.counts() == type(rig.ua.counts())(1, 0, 1)


def test_a_repeated_2xx_is_acknowledged_again_by_the_same_ack() -> None:
    rig = Rig()
    session = rig.call_out()
    answer = rig.answer(200, sdp=ANSWER)
    rig.give(answer)
    rig.give(answer)
    acks = [data for _, _, data in rig.sends if data.startswith(b"ACK")]
    assert len(acks) == 2
    assert acks[0] == acks[1]
    rig.told.clear()
    session.bye(now=0.0)
    rig.drain()
    rig.give(answer)
    assert [data for _, _, data in rig.sends][-1] == acks[0]
    assert rig.told == []


def test_a_second_2xx_of_a_fork_gets_ack_and_bye() -> None:
    rig = Rig()
    session = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    rig.take(Answered)
    rig.take_lines()
    rig.give(rig.answer(200, sdp=ANSWER, to_tag="second", request=invite))
    assert rig.lines == ["ACK", "BYE"]
    assert {m.to.tag for m in rig.sent} == {"second"}
    assert rig.told == []
    rig.give(rig.answer(200, to_tag="second"))
    assert session.state is ClientState.CONFIRMED
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_a_refusal_is_told_with_its_response_and_acknowledged() -> None:
    rig = Rig()
    rig.call_out()
    rig.give(rig.answer(486, headers=[("Reason", "x")]))
    told = rig.take(Rejected)
    assert (told.status, told.reason) == (486, "Busy Here")
    assert isinstance(told.response, Response)
    assert told.response.get("Reason") == "x"
    assert rig.last_request().method == "ACK"
    rig.assert_at_rest()


def test_silence_is_told_as_408_after_32_s() -> None:
    rig = Rig()
    rig.call_out()
    rig.run(31.9)
    assert rig.told == []
    rig.run(32.0)
    told = rig.take(Rejected)
    assert (told.status, told.response) == (408, None)
    rig.assert_at_rest()


def test_a_transport_that_fails_is_told_as_503() -> None:
    rig = Rig()
    rig.call_out(rig.order(flow=TCP_PHONE))
    rig.ua.flow_failed(TCP_PHONE, now=0.0)
    rig.drain()
    assert rig.take(Rejected).status == 503
    rig.assert_at_rest()


def test_cancel_waits_for_a_provisional_response() -> None:
    rig = Rig()
    session = rig.call_out()
    session.cancel(reason='SIP;cause=200;text="Call completed elsewhere"', now=0.0)
    rig.drain()
    assert rig.lines == ["INVITE"]
    rig.give(rig.answer(100))
    cancel, invite = rig.last_request(), rig.last_request("INVITE")
    assert (cancel.method, cancel.uri, cancel.cseq.number) == ("CANCEL", invite.uri, 1)
    assert cancel.via == invite.via
    assert cancel.to.tag is None
    assert cancel.get("From") == invite.get("From")
    assert cancel.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    rig.give(rig.answer(180, request=invite))
    assert rig.lines.count("CANCEL") == 1
    rig.give(rig.answer(200))
    assert rig.told == []
    rig.give(rig.answer(487, request=invite))
    assert rig.take(Rejected).status == 487
    rig.assert_at_rest()


def test_cancel_goes_out_at_once_after_a_provisional_response() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(180))
    session.cancel(now=1.0)
    rig.drain()
    assert rig.last_request().method == "CANCEL"
    session.cancel(now=1.0)
    rig.drain()
    assert rig.lines.count("CANCEL") == 1


def test_a_final_response_makes_a_waiting_cancel_needless() -> None:
    rig = Rig()
    session = rig.call_out()
    session.cancel(now=0.0)
    rig.drain()
    rig.give(rig.answer(486))
    assert rig.take(Rejected).status == 486
    assert "CANCEL" not in rig.lines
    rig.assert_at_rest()


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up() -> None:
    rig = Rig()
    session = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(180))
    rig.told.clear()
    session.cancel(now=0.0)
    rig.drain()
    rig.take_lines()
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.take_lines() == ["ACK", "BYE"]
    assert rig.take(Rejected).status == 487
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.take_lines() == ["ACK"]


def test_a_cancelled_call_that_nobody_answers_is_told_once_and_kept_no_longer_than_32_s() -> None:
    for status in (None, 100):
        rig = Rig()
        session = rig.call_out()
        if status is not None:
            rig.give(rig.answer(status))
        session.cancel(now=0.0)
        rig.run(40.0)
        assert rig.take(Rejected).status == 487
        rig.assert_at_rest()


def test_a_cancel_that_finds_the_call_answered_hangs_up() -> None:
    rig = Rig()
    session = rig.talking_out()
    session.cancel(reason="x", now=0.0)
    rig.drain()
    assert rig.last_request().method == "BYE"
    assert rig.last_request().get("Reason") == "x"
    assert rig.take(Rejected).status == 487


def test_a_phone_that_rings_three_minutes_without_a_word_is_cancelled() -> None:
    rig = Rig()
    rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(180))
    rig.run(100.0)
    rig.give(rig.answer(180, request=invite))
    rig.told.clear()
    rig.run(279.9)
    assert rig.told == []
    rig.run(280.0)
    assert rig.take(Rejected).status == 408
    assert rig.last_request().method == "CANCEL"
    rig.give(rig.answer(200))
    rig.give(rig.answer(487, request=invite))
    assert rig.told == []
    rig.assert_at_rest()


def test_an_invite_without_an_offer_is_acknowledged_by_its_owner() -> None:
    rig = Rig()
    session = rig.call_out(rig.order(sdp=""))
    invite = rig.last_request()
    assert (invite.body, invite.get("Content-Type")) == (b"", None)
    answer = rig.answer(200, sdp=OFFER)
    rig.give(answer)
    assert rig.take(Answered).sdp == OFFER
    rig.give(answer)
    assert rig.lines == ["INVITE"]
    session.acknowledge(ANSWER, now=1.0)
    rig.drain()
    assert rig.last_request().sdp == ANSWER
    assert session.state is ClientState.CONFIRMED
    rig.give(answer)
    assert rig.lines == ["INVITE", "ACK", "ACK"]


def test_an_owner_that_does_not_acknowledge_loses_the_call() -> None:
    rig = Rig()
    rig.call_out(rig.order(sdp=""))
    rig.give(rig.answer(200, sdp=OFFER))
    rig.told.clear()
    rig.take_lines()
    rig.run(32.0)
    assert rig.take_lines() == ["ACK", "BYE"]
    assert rig.take(Ended).status == 408


def test_a_bye_before_the_owners_ack_is_preceded_by_one() -> None:
    rig = Rig()
    session = rig.call_out(rig.order(sdp=""))
    rig.give(rig.answer(200, sdp=OFFER))
    rig.take_lines()
    session.bye(now=0.0)
    rig.drain()
    assert rig.take_lines() == ["ACK", "BYE"]
    rig.give(rig.answer(200, request=rig.request("BYE")))


def test_a_bye_that_overtakes_its_2xx_ends_the_call() -> None:
    rig = Rig()
    session = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(180))
    rig.told.clear()
    bye = rig.within(session, "BYE", cseq=1)
    bye.set("From", "<sip:102@switch>;tag=phone")
    rig.give(bye)
    assert rig.take(Rejected).status == 480
    assert rig.lines[-2:] == ["200 BYE", "CANCEL"]
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.told == []
    assert rig.lines[-2:] == ["ACK", "BYE"]
    rig.give(rig.answer(481))
    rig.give(rig.answer(200, request=rig.last_request("CANCEL")))
    rig.assert_at_rest()


def test_a_reinvite_of_the_callee_before_its_2xx_is_refused_with_491() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(180))
    reinvite = rig.within(session, "INVITE", cseq=1, sdp=OFFER)
    reinvite.set("From", "<sip:102@switch>;tag=phone")
    rig.give(reinvite)
    assert rig.last_response().status == 491


def test_the_phones_bye_is_answered_and_told_with_its_reason() -> None:
    rig = Rig()
    session = rig.talking_out()
    rig.give(rig.within(session, "BYE", cseq=7, headers=[("Reason", "Q.850;cause=16")]), PHONE)
    assert rig.lines == ["200 BYE"]
    told = rig.take(Ended)
    assert (told.session, told.status, told.reason) == (session, 200, "Q.850;cause=16")
    rig.assert_at_rest()


def test_commands_out_of_place_are_defects_but_not_after_the_end() -> None:
    rig = Rig()
    session = rig.call_out()
    with pytest.raises(LocalProtocolError):
        session.bye(now=0.0)
    with pytest.raises(LocalProtocolError):
        session.acknowledge(ANSWER, now=0.0)
    rig.give(rig.answer(486))
    session.bye(now=0.0)
    session.acknowledge(ANSWER, now=0.0)
    session.cancel(now=0.0)
    rig.sent.clear()
    rig.drain()
    assert rig.sent == []


def test_the_table_leads_every_state_to_the_end_and_out_of_it_nothing() -> None:
    after = {state: {b for a, _, b in TABLE if a is state} for state in ClientState}
    assert after[ClientState.ENDED] == set()
    assert all(ClientState.ENDED in after[state] for state in ClientState if state is not ClientState.ENDED)
    for given in ClientInput:
        assert any(used is given for _, used, _ in TABLE)


def test_a_stray_ack_and_a_late_bye_change_nothing() -> None:
    rig = Rig()
    session = rig.call_out()
    rig.give(rig.answer(180))
    rig.told.clear()
    rig.give(rig.within(session, "ACK", cseq=1))
    session.cancel(now=0.0)
    rig.drain()
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.lines[-1] == "200 BYE"
    assert rig.told == []


def test_a_bye_before_the_owners_answer_ends_the_call_and_the_2xx_gets_its_ack() -> None:
    rig = Rig()
    session = rig.call_out(rig.order(sdp=""))
    rig.give(rig.answer(200, sdp=OFFER))
    rig.told.clear()
    rig.take_lines()
    rig.give(rig.within(session, "BYE", cseq=1))
    assert rig.lines == ["200 BYE", "ACK"]
    assert rig.take(Ended).status == 200
    rig.assert_at_rest()


def test_a_callee_that_has_forgotten_the_dialog_ends_the_call() -> None:
    rig = Rig()
    session = rig.talking_out()
    session.options(now=0.0)
    rig.drain()
    rig.give(rig.answer(481))
    assert rig.take(Ended).status == 481
    assert session.is_over


def test_a_2xx_of_a_strange_branch_to_a_call_that_rings_changes_nothing() -> None:
    rig = Rig()
    session = rig.call_out()
    invite = rig.last_request()
    invite.set("Via", "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKstrange")
    rig.take_lines()
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.lines == []
    assert session.state is ClientState.CALLING
