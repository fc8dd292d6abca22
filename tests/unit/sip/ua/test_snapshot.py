from __future__ import annotations

import pytest

from softswitch.core.errors import JournalError, LocalProtocolError
from softswitch.sip.parse import parse_message
from softswitch.sip.ua.actions import AckMissing, Acknowledged, Answered, Cancelled, Ended, Progressed, Rejected
from softswitch.sip.ua.client_session import ClientSession
from softswitch.sip.ua.dialog_snapshot import flow_of, flow_values
from softswitch.sip.ua.server_session import ServerSession
from softswitch.sip.ua.snapshot import SessionSnapshot
from tests.unit.sip.ua.rig import ANSWER, OFFER, PHONE, TCP_PHONE, Rig


def server(rig: Rig, session: ServerSession) -> ServerSession:
    made = rig.resumed(session)
    assert isinstance(made, ServerSession)
    return made


def client(rig: Rig, session: ClientSession) -> ClientSession:
    made = rig.resumed(session)
    assert isinstance(made, ClientSession)
    return made


def test_values_make_the_same_snapshot_again_and_newer_fields_are_left_out() -> None:
    snapshot = Rig().call_in().snapshot()
    assert SessionSnapshot.from_values(snapshot.values()) == snapshot
    assert SessionSnapshot.from_values((*snapshot.values(), "newer")) == snapshot
    with pytest.raises(JournalError):
        SessionSnapshot.from_values(("server",))


def test_flows_survive_as_plain_values() -> None:
    for flow in (PHONE, TCP_PHONE):
        assert flow_of(flow_values(flow)) == flow


def test_a_two_legged_call_changes_its_snapshots_five_times() -> None:
    rig = Rig()
    taken = 0

    def keep() -> None:
        nonlocal taken
        for session in (caller, callee):
            if session.changed:
                session.snapshot()
                taken += 1

    caller = rig.call_in()
    callee = rig.call_out()
    keep()
    rig.give(rig.answer(180))
    keep()
    caller.progress(180, now=0.0)
    keep()
    rig.give(rig.answer(200, sdp=ANSWER, request=rig.last_request("INVITE")))
    keep()
    caller.accept(ANSWER, now=0.0)
    rig.drain()
    keep()
    rig.give(rig.ack(caller))
    keep()
    rig.give(rig.within(caller, "OPTIONS", cseq=2))
    rig.give(rig.within(caller, "BYE", cseq=3))
    keep()
    callee.bye(now=0.0)
    keep()
    assert taken == 5


def test_a_ringing_caller_is_known_when_its_invite_comes_again_and_can_be_answered() -> None:
    rig = Rig()
    before = rig.call_in(headers=[("Record-Route", "<sip:edge;lr>")])
    before.progress(180, now=0.0)
    session = server(rig, before)
    assert rig.take_lines() == ["180 INVITE"]
    rig.give(rig.request("INVITE", branch="z9hG4bKinvite", sdp=OFFER))
    assert rig.take_lines() == ["180 INVITE"]
    assert rig.told == []
    session.accept(ANSWER, now=0.0)
    rig.drain()
    ok = rig.last_response()
    assert (ok.status, ok.to.tag, ok.get("Record-Route")) == (200, before.dialog.local_tag, "<sip:edge;lr>")
    rig.give(rig.ack(session))
    assert rig.take(Acknowledged).session is session
    session.bye(now=0.0)
    rig.drain()
    assert rig.last_request().get("Route") == "<sip:edge;lr>"
    assert rig.last_request().cseq.number == 1001


def test_a_ringing_caller_can_still_cancel() -> None:
    rig = Rig()
    session = server(rig, rig.call_in())
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    assert rig.lines == ["200 CANCEL", "487 INVITE"]
    assert rig.take(Cancelled).session is session
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.dialog.local_tag))
    rig.assert_at_rest()


def test_the_twin_of_an_invite_is_still_known_as_merged() -> None:
    rig = Rig()
    server(rig, rig.call_in())
    rig.give(rig.request("INVITE", sdp=OFFER))
    assert rig.last_response().status == 482


def test_a_2xx_without_its_ack_is_sent_again_until_the_ack_comes() -> None:
    rig = Rig()
    before = rig.call_in()
    before.accept(ANSWER, now=0.0)
    rig.drain()
    first = rig.sends[-1][2]
    rig.sends.clear()
    session = server(rig, before)
    rig.run(1.6)
    assert [data for _, _, data in rig.sends] == [first] * 3
    rig.give(rig.request("INVITE", branch="z9hG4bKinvite", sdp=OFFER))
    assert len(rig.sends) == 3
    rig.give(rig.ack(session))
    assert rig.take(Acknowledged).session is session
    rig.run(20.0)
    assert len(rig.sends) == 3


def test_a_2xx_without_its_ack_is_given_up_32_s_after_the_restart_at_the_latest() -> None:
    rig = Rig()
    before = rig.call_in()
    before.accept(ANSWER, now=0.0)
    server(rig, before)
    rig.run(33.0)
    rig.take(AckMissing)


def test_an_invite_of_ours_goes_on_ringing_and_can_be_answered() -> None:
    rig = Rig()
    before = rig.call_out()
    invite = rig.last_request()
    session = client(rig, before)
    assert rig.take_lines() == ["INVITE"]
    assert rig.sends[-1][2] == rig.sends[0][2]
    rig.give(rig.answer(180, request=invite))
    assert rig.take(Progressed).session is session
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.take(Answered).sdp == ANSWER
    assert rig.last_request().method == "ACK"
    session.bye(now=0.0)
    rig.drain()
    assert rig.last_request().cseq.number == 1002


def test_an_invite_of_ours_can_be_refused_or_cancelled_after_a_restart() -> None:
    rig = Rig()
    before = rig.call_out()
    invite = rig.last_request()
    client(rig, before)
    rig.give(rig.answer(486, request=invite))
    assert rig.take(Rejected).status == 486
    assert rig.last_request().method == "ACK"
    rig.assert_at_rest()

    rig = Rig()
    before = rig.call_out(rig.order(flow=TCP_PHONE))
    session = client(rig, before)
    assert rig.lines == ["INVITE"]
    session.cancel(now=0.0)
    rig.drain()
    assert rig.lines == ["INVITE"]
    rig.give(rig.answer(180, request=rig.last_request("INVITE")))
    assert rig.last_request().method == "CANCEL"
    assert rig.last_request().cseq.number == 1


def test_a_call_being_cancelled_goes_on_being_cancelled_and_does_not_ring_again() -> None:
    rig = Rig()
    before = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(180))
    before.cancel(reason="SIP;cause=200", now=0.0)
    rig.drain()
    client(rig, before)
    assert rig.lines == ["CANCEL"]
    assert rig.last_request().get("Reason") == "SIP;cause=200"
    rig.give(rig.answer(200))
    rig.give(rig.answer(487, request=invite))
    assert rig.take(Rejected).status == 487
    rig.assert_at_rest()


def test_an_answer_that_its_owner_has_to_acknowledge_waits_on() -> None:
    rig = Rig()
    before = rig.call_out(rig.order(sdp=""))
    rig.give(rig.answer(200, sdp=OFFER))
    session = client(rig, before)
    session.acknowledge(ANSWER, now=0.0)
    rig.drain()
    assert (rig.last_request().method, rig.last_request().cseq.number) == ("ACK", 1)


def test_a_talking_call_takes_requests_above_the_last_known_and_its_own_go_on_a_thousand_higher() -> None:
    rig = Rig()
    session = server(rig, rig.talking_in())
    rig.give(rig.within(session, "INFO", cseq=7000))
    assert rig.take_lines() == ["200 INFO"]
    session.options(now=0.0)
    rig.drain()
    assert rig.last_request().cseq.number == 1001
    rig.told.clear()
    rig.give(rig.within(session, "BYE", cseq=7001))
    assert rig.take(Ended).status == 200


def test_a_repeated_2xx_is_acknowledged_after_a_restart() -> None:
    rig = Rig()
    before = rig.call_out()
    invite = rig.last_request()
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    session = client(rig, before)
    rig.give(rig.answer(200, sdp=ANSWER, request=invite))
    assert rig.lines == ["ACK"]
    assert rig.last_request().cseq.number == 1
    assert rig.told == []
    rig.give(rig.answer(200, sdp=ANSWER, request=invite, to_tag="fork"))
    assert rig.lines == ["ACK", "ACK", "BYE"]
    assert session.is_confirmed


def test_no_credentials_stand_in_a_snapshot() -> None:
    rig = Rig()
    secrets = (("Authorization", "Digest secret"), ("Proxy-Authorization", "Digest secret"), ("X-Kept", "1"))
    snapshot = rig.call_out(rig.order(headers=secrets)).snapshot()
    assert b"secret" not in snapshot.invite
    assert parse_message(snapshot.invite).get("X-Kept") == "1"
    session = rig.call_in(headers=[("Authorization", "Digest secret")])
    assert "secret" not in repr(session.snapshot())


def test_an_invite_that_rang_before_the_restart_is_not_sent_again() -> None:
    rig = Rig()
    before = rig.call_out()
    invite = rig.last_request()
    snapshot = before.snapshot()._replace(provisional=180)
    rig.restart()
    rig.sent.clear()
    session = rig.ua.restore(snapshot, owner="leg", now=0.0)
    rig.run(40.0)
    assert rig.sent == []
    assert isinstance(session, ClientSession)
    session.cancel(now=rig.now)
    rig.drain()
    assert rig.last_request().method == "CANCEL"
    rig.give(rig.answer(200))
    rig.give(rig.answer(487, request=invite))
    assert rig.take(Rejected).status == 487


def test_what_waited_for_an_answer_waits_less_after_a_restart_but_four_transmissions() -> None:
    for age_s, end_s in ((0.0, 32.0), (12.0, 20.0), (31.0, 4.0), (500.0, 4.0)):
        rig = Rig()
        before = rig.call_in()
        before.accept(ANSWER, now=0.0)
        snapshot = before.snapshot()
        rig.restart()
        rig.ua.restore(snapshot, owner="leg", now=0.0, age_s=age_s)
        rig.run(end_s - 0.01)
        assert rig.told == []
        rig.run(end_s)
        rig.take(AckMissing)


def test_an_invite_that_is_none_is_a_defect_of_the_snapshot() -> None:
    rig = Rig()
    session = rig.call_out()
    answer = rig.answer(200).to_bytes()
    with pytest.raises(LocalProtocolError):
        rig.ua.restore(session.snapshot()._replace(invite=answer), owner="leg", now=0.0)


def test_early_media_is_offered_again_after_a_restart() -> None:
    rig = Rig()
    before = rig.call_in()
    before.progress(183, sdp=ANSWER, now=0.0)
    values = before.snapshot()._replace(provisional=183, early=ANSWER.encode())
    rig.restart()
    rig.sent.clear()
    rig.ua.restore(values, owner="leg", now=rig.now)
    rig.drain()
    assert rig.lines == ["183 INVITE"]
    assert rig.last_response().sdp == ANSWER


def test_a_request_that_the_former_process_did_not_live_to_answer_is_taken_when_it_comes_again() -> None:
    rig = Rig()
    before = rig.talking_in()
    rig.give(rig.within(before, "INVITE", cseq=2, sdp=OFFER))
    before.accept_reoffer(ANSWER, now=0.0)
    server(rig, before)
    rig.told.clear()
    rig.give(rig.within(before, "INVITE", cseq=2, sdp=OFFER))
    assert [type(each).__name__ for each in rig.told] == ["Reoffered"]
    rig.give(rig.within(before, "INFO", cseq=0))
    assert rig.take_lines()[-1] == "500 INFO"


def test_a_bye_that_a_former_process_took_gets_its_200_when_it_comes_again() -> None:
    rig = Rig()
    session = rig.talking_in()
    bye = rig.within(session, "BYE", cseq=2)
    rig.restart()
    rig.ua.remember_ended(session.sip_call_id, session.dialog.local_tag, now=rig.now)
    rig.sent.clear()
    rig.give(bye)
    assert rig.take_lines() == ["200 BYE"]
    rig.now += 33
    rig.give(bye)
    assert rig.take_lines() == ["481 BYE"]
