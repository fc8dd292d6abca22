from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.ua.actions import AckMissing, Acknowledged, Cancelled, Ended
from softswitch.sip.ua.core import ALLOW
from softswitch.sip.ua.server_states import TABLE, ServerInput, ServerState
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, TCP_PHONE, Rig


def test_an_invite_gets_100_at_once_without_a_to_tag() -> None:
    rig = Rig()
    session = rig.call_in(headers=[("Timestamp", "12.5")])
    trying = rig.last_response()
    assert (trying.status, trying.to.tag, trying.get("Timestamp")) == (100, None, "12.5")
    assert trying.via.parameters["rport"] == "5060"
    assert session.state is ServerState.RECEIVED
    assert rig.ua.counts().dialogs == 1


def test_ringing_and_the_answer_carry_one_to_tag_record_route_contact_and_sdp() -> None:
    rig = Rig()
    session = rig.call_in(headers=[("Record-Route", "<sip:edge;lr>"), ("Record-Route", "<sip:core;lr>")])
    session.progress(180, now=0.0)
    rig.drain()
    ringing = rig.last_response()
    session.accept(ANSWER, headers=[("X-Test", "1")], now=0.0)
    rig.drain()
    ok = rig.last_response()
    assert ringing.to.tag == ok.to.tag == session.dialog.local_tag
    assert ok.get_all("Record-Route") == ["<sip:edge;lr>", "<sip:core;lr>"]
    assert ok.get("Contact") == "<sip:switch@10.0.0.1:5060>"
    assert ok.get("Allow") == ALLOW
    assert (ok.sdp, ok.get("X-Test"), ok.get("Server")) == (ANSWER, "1", "switch/1")
    assert session.dialog.routes == ("<sip:edge;lr>", "<sip:core;lr>")


def test_early_media_goes_out_with_183_and_is_repeated_every_minute() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(183, sdp=ANSWER, now=0.0)
    rig.run(130.0)
    assert rig.take_lines() == ["100 INVITE", "183 INVITE", "183 INVITE", "183 INVITE"]
    assert session.state is ServerState.EARLY


def test_an_answered_call_is_confirmed_by_its_ack() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.drain()
    assert not session.is_confirmed
    rig.give(rig.ack(session, sdp=OFFER))
    told = rig.take(Acknowledged)
    assert (told.session, told.sdp) == (session, "")
    assert session.state is ServerState.CONFIRMED
    assert rig.ua.counts().timers == 1
    rig.give(rig.ack(session))
    assert rig.told == []


def test_the_ack_of_an_invite_without_an_offer_brings_the_answer() -> None:
    rig = Rig()
    session = rig.call_in(sdp="")
    session.accept(OFFER, now=0.0)
    rig.drain()
    rig.give(rig.ack(session, sdp=ANSWER))
    assert rig.take(Acknowledged).sdp == ANSWER


def test_an_ack_with_the_branch_of_the_invite_counts_too() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.drain()
    ack = rig.ack(session)
    ack.set("Via", "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKinvite;rport")
    rig.give(ack)
    assert session.state is ServerState.CONFIRMED


def test_the_2xx_is_repeated_from_t1_up_to_t2_over_any_transport_until_the_ack() -> None:
    for flow in (PHONE, TCP_PHONE):
        rig = Rig()
        session = rig.call_in(flow=flow)
        session.accept(ANSWER, now=0.0)
        rig.run(12.0)
        answers = [at for at, _, data in rig.sends if b"200 OK" in data]
        assert answers == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5]
        rig.give(rig.ack(session), flow)
        rig.run(60.0)
        assert len([1 for _, _, data in rig.sends if b"200 OK" in data]) == 6


def test_without_an_ack_the_call_is_given_up_after_32_s_with_a_bye() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.run(31.9)
    assert rig.told == []
    rig.run(32.0)
    assert rig.take(AckMissing).session is session
    assert rig.last_request().method == "BYE"
    assert session.state is ServerState.ENDED
    rig.give(rig.answer(481))
    rig.assert_at_rest()


def test_cancel_gets_200_and_the_invite_487_with_the_same_to_tag() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(180, now=0.0)
    rig.drain()
    rig.sent.clear()
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    cancelled, terminated = rig.sent
    assert rig.lines == ["200 CANCEL", "487 INVITE"]
    assert cancelled.to.tag == terminated.to.tag == session.dialog.local_tag
    assert terminated.get("Reason") == 'Q.850;cause=16;text="Normal call clearing"'
    assert rig.take(Cancelled).session is session
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.dialog.local_tag))
    rig.assert_at_rest()


def test_a_cancel_that_comes_too_late_changes_nothing() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.drain()
    rig.sent.clear()
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    assert rig.lines == ["200 CANCEL"]
    assert rig.told == []
    assert session.state is ServerState.ACCEPTED


def test_a_retransmitted_cancel_is_absorbed() -> None:
    rig = Rig()
    rig.call_in()
    cancel = rig.request("CANCEL", branch="z9hG4bKinvite")
    rig.give(cancel)
    rig.told.clear()
    rig.sent.clear()
    rig.give(cancel)
    assert rig.lines == ["200 CANCEL"]
    assert rig.told == []


def test_a_refusal_carries_the_owners_headers_and_ends_the_session() -> None:
    rig = Rig()
    session = rig.call_in()
    session.reject(486, headers=[("Reason", 'Q.850;cause=17;text="Busy"')], now=0.0)
    rig.drain()
    busy = rig.last_response()
    assert (busy.status, busy.get("Reason"), busy.get("Contact")) == (486, 'Q.850;cause=17;text="Busy"', None)
    assert rig.ua.counts().dialogs == 0
    assert rig.ua.counts().transactions == 1
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.dialog.local_tag))
    rig.assert_at_rest()


def test_a_bye_within_the_early_dialog_cancels() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(180, now=0.0)
    rig.drain()
    rig.sent.clear()
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.lines == ["200 BYE", "487 INVITE"]
    assert rig.take(Cancelled).session is session


def test_a_bye_before_the_ack_ends_an_answered_call() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    rig.drain()
    rig.sent.clear()
    rig.give(rig.within(session, "BYE", cseq=2, headers=[("Reason", "SIP;cause=200")]))
    assert rig.lines == ["200 BYE"]
    told = rig.take(Ended)
    assert (told.status, told.reason) == (200, "SIP;cause=200")
    rig.assert_at_rest()


def test_our_bye_waits_for_the_ack_of_our_2xx() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    session.bye(headers=[("Reason", "x")], now=0.1)
    rig.drain()
    assert session.state is ServerState.ENDING
    assert "BYE" not in rig.lines
    rig.give(rig.ack(session))
    assert rig.last_request().method == "BYE"
    assert rig.last_request().get("Reason") == "x"
    assert rig.told == []
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_our_bye_goes_out_when_the_ack_can_come_no_more() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    session.bye(now=0.1)
    rig.run(33.0)
    assert rig.last_request().method == "BYE"
    assert rig.told == []
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_the_peers_bye_forestalls_our_waiting_one() -> None:
    rig = Rig()
    session = rig.call_in()
    session.accept(ANSWER, now=0.0)
    session.bye(now=0.1)
    rig.drain()
    rig.give(rig.within(session, "BYE", cseq=2))
    assert rig.told == []
    rig.assert_at_rest()


def test_a_call_that_its_owner_forgets_ends_after_an_hour() -> None:
    rig = Rig()
    session = rig.call_in()
    rig.run(3599.0)
    assert rig.told == []
    rig.run(3600.0)
    assert rig.last_response().status == 480
    assert rig.take(Ended).status == 408
    assert session.state is ServerState.ENDED


def test_commands_on_a_session_that_is_over_do_nothing() -> None:
    rig = Rig()
    session = rig.call_in()
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    rig.sent.clear()
    session.progress(180, now=0.0)
    session.accept(ANSWER, now=0.0)
    session.reject(486, now=0.0)
    session.bye(now=0.0)
    session.reinvite(OFFER, now=0.0)
    session.options(now=0.0)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    assert rig.sent == []


def test_answering_twice_is_a_defect() -> None:
    rig = Rig()
    session = rig.talking_in()
    with pytest.raises(LocalProtocolError):
        session.accept(ANSWER, now=0.0)
    with pytest.raises(LocalProtocolError):
        session.progress(180, now=0.0)
    fresh = Rig().call_in()
    with pytest.raises(LocalProtocolError):
        fresh.bye(now=0.0)


def test_the_table_leads_every_state_to_the_end_and_out_of_it_nothing() -> None:
    after = {state: {b for a, _, b in TABLE if a is state} for state in ServerState}
    assert after[ServerState.ENDED] == set()
    assert all(ServerState.ENDED in after[state] for state in ServerState if state is not ServerState.ENDED)
    for given in ServerInput:
        assert any(used is given for _, used, _ in TABLE)
