from __future__ import annotations

import pytest

from softswitch.sip.message import Header
from softswitch.sip.ua.actions import Acknowledged, Answered, Cancelled, Ended, Progressed
from softswitch.sip.ua.server_session import ServerSession
from tests.unit.sip.ua.rig import ANSWER, OFFER, Rig

REQUIRED: Header = ("Require", "100rel")


def reliable_in(rig: Rig, *, sdp: str = OFFER) -> ServerSession:
    session = rig.call_in(sdp=sdp, headers=[REQUIRED])
    rig.sent.clear()
    return session


def prack(rig: Rig, session: ServerSession, rack: str, cseq: int = 2, **more: str) -> None:
    rig.give(rig.within(session, "PRACK", cseq=cseq, headers=[("RAck", rack)], **more))


def test_ringing_is_repeated_with_its_number_until_its_prack() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    rig.run(1.6)
    assert rig.lines == ["180 INVITE", "180 INVITE", "180 INVITE"]
    assert (rig.last_response().get("RSeq"), rig.last_response().get("Require")) == ("1", "100rel")
    prack(rig, session, "1 1 INVITE")
    assert rig.last_response().status == 200
    rig.run(10.0)
    assert rig.lines[3:] == ["200 PRACK"]


def test_the_next_provisional_response_waits_for_the_prack_of_the_last() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    session.progress(183, sdp=ANSWER, now=0.0)
    rig.drain()
    assert rig.lines == ["180 INVITE"]
    prack(rig, session, "1 1 INVITE")
    assert rig.lines == ["180 INVITE", "200 PRACK", "183 INVITE"]
    assert (rig.last_response().get("RSeq"), rig.last_response().sdp) == ("2", ANSWER)


@pytest.mark.parametrize(
    ("rack", "status"),
    [("1 1 INVITE", 200), ("2 1 INVITE", 481), ("1 7 INVITE", 481), ("1 1 PRACK", 481), ("1 INVITE", 400)],
)
def test_a_prack_must_name_a_response_that_was_sent(rack: str, status: int) -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    prack(rig, session, rack)
    assert rig.last_response().status == status


def test_a_prack_of_an_ordinary_call_is_481() -> None:
    rig = Rig()
    session = rig.call_in()
    session.progress(180, now=0.0)
    prack(rig, session, "1 1 INVITE")
    assert rig.last_response().status == 481


def test_the_answer_does_not_overtake_a_description_without_its_prack() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(183, sdp=ANSWER, now=0.0)
    session.accept(ANSWER, now=0.0)
    rig.drain()
    assert rig.lines == ["183 INVITE"]
    prack(rig, session, "1 1 INVITE")
    assert rig.lines == ["183 INVITE", "200 PRACK", "200 INVITE"]
    rig.give(rig.ack(session))
    rig.take(Acknowledged)


def test_an_answer_stops_the_repetition_of_plain_ringing() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    session.accept(ANSWER, now=0.0)
    rig.drain()
    assert rig.lines == ["180 INVITE", "200 INVITE"]


def test_without_a_prack_the_call_is_refused_after_32_s() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    rig.run(31.9)
    assert rig.told == []
    rig.run(32.0)
    assert rig.take(Ended).status == 408
    assert rig.last_response().status == 504
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.local_tag))
    rig.assert_at_rest()


def test_an_answer_that_waited_for_a_prack_in_vain_is_504() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(183, sdp=ANSWER, now=0.0)
    session.accept(ANSWER, now=0.0)
    rig.run(32.0)
    assert rig.take(Ended).status == 408
    assert rig.last_response().status == 504
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.local_tag))
    rig.assert_at_rest()


def test_a_bye_before_the_answer_could_leave_ends_the_invite() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(183, sdp=ANSWER, now=0.0)
    session.accept(ANSWER, now=0.0)
    rig.give(rig.within(session, "BYE", cseq=2))
    assert sorted(rig.lines) == ["183 INVITE", "200 BYE", "487 INVITE"]
    rig.take(Ended)
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.local_tag))
    rig.assert_at_rest()


def test_a_cancel_stops_the_repetition() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    rig.give(rig.request("CANCEL", branch="z9hG4bKinvite"))
    rig.take(Cancelled)
    rig.give(rig.request("ACK", branch="z9hG4bKinvite", to_tag=session.local_tag))
    rig.assert_at_rest()


def test_a_caller_that_offers_nothing_gets_no_reliable_response() -> None:
    rig = Rig()
    session = reliable_in(rig, sdp="")
    session.progress(180, now=0.0)
    rig.drain()
    assert rig.lines == []


def test_after_a_restart_a_prack_of_the_former_process_is_taken() -> None:
    rig = Rig()
    session = reliable_in(rig)
    session.progress(180, now=0.0)
    rig.drain()
    again = rig.resumed(session)
    assert isinstance(again, ServerSession)
    prack(rig, again, "1 1 INVITE")
    assert rig.last_response().status == 200


# As the one that is told


def ringing(rig: Rig, rseq: str, tag: str = "phone", status: int = 180) -> None:
    invite = rig.last_request("INVITE")
    rig.give(rig.answer(status, request=invite, to_tag=tag, headers=[REQUIRED, ("RSeq", rseq)]))


def test_a_reliable_response_is_acknowledged_in_the_dialog_of_its_branch() -> None:
    rig = Rig()
    rig.call_out()
    ringing(rig, "7")
    assert rig.take(Progressed).status == 180
    request = rig.last_request("PRACK")
    assert (request.get("RAck"), request.cseq.number, request.to.tag) == ("7 1 INVITE", 2, "phone")
    assert request.uri == "sip:102@10.0.0.2:5060"
    ringing(rig, "7")
    assert (rig.lines, rig.told) == (["INVITE", "PRACK"], [])
    ringing(rig, "9")
    assert rig.told == []
    ringing(rig, "8", status=183)
    assert rig.take(Progressed).status == 183
    assert rig.last_request("PRACK").get("RAck") == "8 1 INVITE"


def test_each_branch_of_a_fork_counts_by_itself() -> None:
    rig = Rig()
    session = rig.call_out()
    ringing(rig, "7", "one")
    ringing(rig, "3", "two")
    assert [m.to.tag for m in rig.sent[1:]] == ["one", "two"]
    rig.told.clear()
    rig.give(rig.answer(200, request=rig.last_request("INVITE"), to_tag="two", sdp=ANSWER))
    rig.take(Answered)
    assert (rig.last_request("ACK").cseq.number, rig.last_request("ACK").to.tag) == (1, "two")
    session.bye(now=0.0)
    rig.drain()
    assert rig.last_request("BYE").cseq.number == 4
