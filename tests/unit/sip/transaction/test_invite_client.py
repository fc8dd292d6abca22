from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.flow import Flow
from softswitch.sip.parse import parse_message
from softswitch.sip.timers import Timers
from softswitch.sip.transaction.invite_client import TABLE, Input, InviteClient, State
from tests.unit.sip.transaction.rig import TCP, UDP, Rig, User, invite, response, walk

KEY = ("z9hG4bKx", "INVITE")


def start(rig: Rig, flow: Flow = UDP) -> tuple[InviteClient, User]:
    user = User(rig)
    request = invite()
    machine = rig.layer.invite(KEY, request, request.to_bytes(), flow, user, 0.0)
    machine.start(rig.now)
    return machine, user


def feed(machine: InviteClient, given: Input, now: float) -> None:
    if given is Input.RECEIVE_1XX:
        machine.receive(response(180), now)
    elif given is Input.RECEIVE_2XX:
        machine.receive(response(200), now)
    elif given is Input.RECEIVE_300_699:
        machine.receive(response(486), now)
    elif given is Input.TRANSPORT_ERROR:
        machine.fail(now)
    elif given is Input.ABANDON:
        machine._step(Input.ABANDON)
    else:
        machine.expire(given, now)


REACH = {
    State.CALLING: (),
    State.PROCEEDING: (Input.RECEIVE_1XX,),
    State.COMPLETED: (Input.RECEIVE_300_699,),
    State.ACCEPTED: (Input.RECEIVE_2XX,),
    State.TERMINATED: (Input.TIMER_B,),
}


def test_every_input_in_every_state_leads_where_the_rfc_says_or_is_an_error() -> None:
    def try_pair(state: State, given: Input) -> State:
        rig = Rig()
        machine, _ = start(rig)
        for step in REACH[state]:
            feed(machine, step, 0.0)
        assert machine.state is state
        feed(machine, given, 0.0)
        return machine.state

    walk(TABLE, State, Input, try_pair)


def test_timer_a_doubles_without_bound_until_timer_b_at_32_s() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.run()
    assert rig.times == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert user.told == [(32.0, "timed out")]
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_over_a_stream_the_invite_is_sent_once_and_timer_b_runs_all_the_same() -> None:
    rig = Rig()
    _, user = start(rig, TCP)
    rig.run()
    assert rig.times == [0.0]
    assert user.told == [(32.0, "timed out")]


def test_a_provisional_response_stops_retransmission_and_timer_b() -> None:
    rig = Rig()
    machine, user = start(rig)
    rig.run(0.7)
    rig.layer.receive(response(180), rig.now)
    rig.layer.receive(response(183), rig.now)
    rig.run()
    assert rig.times == [0.0, 0.5]
    assert [what for _, what in user.told] == ["180", "183"]
    assert machine.state is State.PROCEEDING
    assert rig.layer.live == 1


def test_a_refusal_is_acknowledged_each_time_it_comes_and_told_once_until_timer_d_at_32_s() -> None:
    rig = Rig()
    machine, user = start(rig)
    for moment in (0.1, 0.6, 1.6):
        rig.run(moment)
        rig.layer.receive(response(486), rig.now)
    assert [what for _, what in user.told] == ["486"]
    assert rig.first_lines[-3:] == ["ACK sip:bob@127.0.0.2 SIP/2.0"] * 3
    assert rig.layer.live == 0
    assert machine.request is None
    rig.run(32.0)
    assert not rig.is_empty
    rig.run()
    assert rig.now == pytest.approx(32.1)
    assert rig.is_empty


def test_the_ack_of_a_refusal_has_the_branch_route_and_cseq_of_the_invite_and_the_to_of_the_response() -> None:
    rig = Rig()
    start(rig)
    rig.layer.receive(response(486, to_tag="xyz"), 0.0)
    ack = parse_message(rig.sent[-1][1])
    assert ack.via.branch == "z9hG4bKx"
    assert ack.to.tag == "xyz"
    assert ack.get("Route") == "<sip:proxy;lr>"
    assert ack.cseq == (1, "ACK")


def test_over_a_stream_timer_d_is_zero() -> None:
    rig = Rig()
    start(rig, TCP)
    rig.layer.receive(response(486), 0.0)
    assert rig.first_lines[-1].startswith("ACK")
    assert rig.is_empty


def test_every_2xx_is_passed_on_until_timer_m_at_32_s() -> None:
    rig = Rig()
    machine, user = start(rig)
    rig.run(0.2)
    rig.layer.receive(response(200), rig.now)
    rig.run(5.0)
    rig.layer.receive(response(200, to_tag="other"), rig.now)
    rig.layer.receive(response(486), rig.now)
    rig.layer.receive(response(180), rig.now)
    assert [what for _, what in user.told] == ["200", "200"]
    assert machine.state is State.ACCEPTED
    assert rig.layer.live == 0
    rig.run()
    assert rig.now == pytest.approx(32.2)
    assert rig.is_empty
    assert not rig.layer.receive(response(200), rig.now)


def test_a_2xx_after_a_refusal_is_absorbed() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.layer.receive(response(486), 0.0)
    rig.layer.receive(response(200), 0.0)
    assert [what for _, what in user.told] == ["486"]


def test_a_transport_error_before_any_response_is_told_and_ends_it() -> None:
    rig = Rig()
    _, user = start(rig, TCP)
    rig.layer.flow_failed(TCP, 1.0)
    assert [what for _, what in user.told] == ["unreachable"]
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_a_stream_closed_while_it_rings_leaves_the_final_response_to_another_one() -> None:
    rig = Rig()
    machine, user = start(rig, TCP)
    rig.layer.receive(response(180), 0.0)
    rig.layer.flow_failed(TCP, 1.0)
    rig.layer.receive(response(200), 2.0)
    assert [what for _, what in user.told] == ["180", "200"]
    assert machine.state is State.ACCEPTED


def test_abandoning_ends_it_silently_and_does_nothing_after_a_final_response() -> None:
    rig = Rig()
    machine, user = start(rig)
    machine.abandon()
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    machine, user = start(rig)
    rig.layer.receive(response(200), 0.0)
    machine.abandon()
    assert machine.state is State.ACCEPTED
    assert [what for _, what in user.told] == ["200"]


def test_a_resumed_invite_is_sent_again_but_not_where_it_is_answered() -> None:
    for flow, answered, sent, state in (
        (UDP, False, 1, State.CALLING),
        (UDP, True, 0, State.PROCEEDING),
        (TCP, False, 1, State.CALLING),
    ):
        rig = Rig()
        request = invite()
        machine = rig.layer.invite(KEY, request, request.to_bytes(), flow, User(rig), 0.0)
        machine.resume(0.0, 4.0, answered=answered)
        assert len(rig.sent) == sent
        assert machine.state is state


def test_a_resumed_invite_gives_up_when_it_would_have() -> None:
    rig = Rig()
    user, request = User(rig), invite()
    rig.layer.invite(KEY, request, request.to_bytes(), UDP, user, 0.0).resume(0.0, 4.0, answered=False)
    rig.run()
    assert rig.times == [0.0, 0.5, 1.5, 3.5]
    assert user.told == [(4.0, "timed out")]


def test_other_base_values_scale_every_timer() -> None:
    rig = Rig(Timers(t1_s=0.1, no_hurry_s=0.0))
    _, user = start(rig)
    rig.run()
    assert [what for _, what in user.told] == ["timed out"]
    assert user.told[0][0] == pytest.approx(6.4)
    assert len(rig.sent) == 7


def test_a_timer_out_of_place_is_a_defect() -> None:
    rig = Rig()
    machine, _ = start(rig)
    with pytest.raises(LocalProtocolError, match="TIMER_D is not possible in CALLING"):
        machine.expire(Input.TIMER_D, 0.0)


def test_what_comes_for_a_user_that_has_gone_is_absorbed() -> None:
    for given in (Input.RECEIVE_2XX, Input.RECEIVE_1XX, Input.TIMER_B):
        machine, user = start(Rig())
        machine.user = None
        feed(machine, given, 0.0)
        assert user.told == []
