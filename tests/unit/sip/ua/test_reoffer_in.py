from __future__ import annotations

from softswitch.sip.message import Request
from softswitch.sip.ua.actions import AckMissing, Acknowledged, Reoffered
from softswitch.sip.ua.reoffer_in import TABLE, Input, State
from softswitch.sip.ua.server_session import ServerSession
from tests.unit.sip.transaction.rig import walk
from tests.unit.sip.ua.rig import ANSWER, OFFER, Rig


def reoffered(rig: Rig, sdp: str = OFFER, cseq: int = 2) -> tuple[ServerSession, Request]:
    session = rig.talking_in()
    request = rig.within(session, "INVITE", cseq=cseq, sdp=sdp)
    request.set("Contact", "<sip:101@10.9.9.9:6000>")
    rig.give(request)
    assert rig.take(Reoffered).sdp == sdp
    return session, request


def cancel_of(request: Request) -> Request:
    headers = [(n, "2 CANCEL" if n == "CSeq" else v) for n, v in request.headers if n != "Content-Type"]
    return Request("CANCEL", request.uri, headers)


def test_the_table_is_whole() -> None:
    def step(state: State, given: Input) -> State:
        return TABLE.step(state, given)

    walk(TABLE, State, Input, step)
    assert not any(TABLE.allows(State.CLOSED, given) for given in Input)


def test_an_accepted_one_moves_the_target_and_is_repeated_until_its_ack() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    assert session.dialog.target == "sip:101@10.0.0.2:5060"
    session.snapshot()
    session.accept_reoffer(ANSWER, now=0.0)
    assert session.changed
    rig.run(0.6)
    assert rig.take_lines() == ["200 INVITE", "200 INVITE"]
    assert session.dialog.target == "sip:101@10.9.9.9:6000"
    rig.give(rig.ack(session, cseq=2))
    rig.run(100.0)
    assert rig.lines == []
    assert rig.told == []
    assert rig.ua.counts().timers == 1


def test_an_offer_of_ours_is_answered_by_the_ack() -> None:
    rig = Rig()
    session, _ = reoffered(rig, sdp="")
    session.accept_reoffer(OFFER, now=0.0)
    rig.drain()
    rig.give(rig.ack(session, cseq=2, sdp=ANSWER))
    assert rig.take(Acknowledged).sdp == ANSWER


def test_a_refused_one_leaves_everything_as_it_was() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    session.refuse_reoffer(488, headers=[("Reason", "x")], now=0.0)
    rig.drain()
    assert (rig.last_response().status, rig.last_response().get("Reason")) == (488, "x")
    assert session.dialog.target == "sip:101@10.0.0.2:5060"
    session.refuse_reoffer(488, now=0.0)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    assert rig.lines == ["488 INVITE"]


def test_without_an_ack_the_call_is_hung_up() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.run(32.0)
    assert rig.take(AckMissing).session is session
    assert rig.last_request().method == "BYE"
    rig.give(rig.answer(200))
    rig.assert_at_rest()


def test_a_slow_owner_lets_100_go_after_200_ms_and_500_after_32_s() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    rig.run(0.19)
    assert rig.lines == []
    rig.run(0.2)
    assert rig.take_lines() == ["100 INVITE"]
    rig.run(32.0)
    assert rig.lines[0] == "500 INVITE"
    assert session.is_confirmed


def test_a_cancelled_one_gets_487_and_the_owner_comes_too_late() -> None:
    rig = Rig()
    session, request = reoffered(rig)
    rig.give(cancel_of(request))
    assert rig.take_lines() == ["200 CANCEL", "487 INVITE"]
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    assert rig.lines == []
    assert session.is_confirmed


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    rig = Rig()
    session, request = reoffered(rig)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.give(cancel_of(request))
    assert rig.lines == ["200 INVITE", "200 CANCEL"]


def test_a_second_one_before_the_first_is_answered_gets_500() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    rig.give(rig.within(session, "INVITE", cseq=3, sdp=OFFER))
    assert rig.last_response().status == 500
    assert rig.last_response().get("Retry-After") is not None


def test_a_second_one_behind_a_lost_ack_replaces_the_first() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    rig.give(rig.within(session, "INVITE", cseq=3, sdp=OFFER))
    rig.take(Reoffered)
    rig.take_lines()
    session.accept_reoffer(ANSWER, now=0.0)
    rig.run(0.5)
    assert [m.cseq.number for m in rig.sent] == [3, 3]
    rig.give(rig.ack(session, cseq=2))
    rig.give(rig.ack(session, cseq=3))
    assert rig.ua.counts().timers == 1


def test_a_bye_while_it_waits_answers_it_with_487() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    rig.give(rig.within(session, "BYE", cseq=3))
    assert rig.take_lines() == ["200 BYE", "487 INVITE"]
    assert session.is_over


def test_our_bye_stops_the_repetition_of_its_2xx() -> None:
    rig = Rig()
    session, _ = reoffered(rig)
    session.accept_reoffer(ANSWER, now=0.0)
    session.bye(now=0.0)
    rig.drain()
    rig.give(rig.answer(200))
    rig.take_lines()
    rig.run(40.0)
    assert rig.lines == []


def test_the_acks_of_a_callee_are_taken_too() -> None:
    rig = Rig()
    session = rig.talking_out()
    rig.give(rig.within(session, "INVITE", cseq=2, sdp=""))
    session.accept_reoffer(OFFER, now=0.0)
    rig.told.clear()
    rig.drain()
    rig.give(rig.within(session, "ACK", cseq=2, sdp=ANSWER))
    assert rig.take(Acknowledged).sdp == ANSWER


def test_an_ack_with_the_branch_of_the_reinvite_counts_too() -> None:
    rig = Rig()
    session, request = reoffered(rig)
    session.accept_reoffer(ANSWER, now=0.0)
    rig.drain()
    ack = rig.ack(session, cseq=2)
    ack.set("Via", request.get("Via") or "")
    rig.give(ack)
    assert rig.ua.counts().timers == 1


def test_one_without_a_contact_leaves_the_target_and_an_early_ack_is_nothing() -> None:
    rig = Rig()
    session = rig.talking_in()
    request = rig.within(session, "INVITE", cseq=2, sdp=OFFER)
    request.remove("Contact")
    rig.give(request)
    rig.give(rig.ack(session, cseq=2))
    session.accept_reoffer(ANSWER, now=0.0)
    assert session.dialog.target == "sip:101@10.0.0.2:5060"
    assert rig.ua.counts().timers == 2
