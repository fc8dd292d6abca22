from __future__ import annotations

import pytest

from softswitch.sip.flow import Flow
from softswitch.sip.transaction.non_invite_client import TABLE, Input, NonInviteClient, State
from tests.unit.sip.transaction.rig import TCP, UDP, Rig, User, response, walk

KEY = ("z9hG4bKx", "OPTIONS")


def start(rig: Rig, flow: Flow = UDP) -> tuple[NonInviteClient, User]:
    user = User(rig)
    return rig.layer.request(KEY, b"OPTIONS", flow, user, rig.now), user


def receive(rig: Rig, status: int) -> None:
    assert rig.layer.receive(response(status, method="OPTIONS"), rig.now)


def feed(machine: NonInviteClient, given: Input, now: float) -> None:
    if given is Input.RECEIVE_1XX:
        machine.receive(response(100, method="OPTIONS"), now)
    elif given is Input.RECEIVE_FINAL:
        machine.receive(response(200, method="OPTIONS"), now)
    elif given is Input.TRANSPORT_ERROR:
        machine.fail(now)
    else:
        machine.expire(given, now)


REACH = {
    State.TRYING: (),
    State.PROCEEDING: (Input.RECEIVE_1XX,),
    State.COMPLETED: (Input.RECEIVE_FINAL,),
    State.TERMINATED: (Input.TIMER_F,),
}


def test_every_input_in_every_state_leads_where_the_rfc_says_or_is_an_error() -> None:
    def try_pair(state: State, given: Input) -> State:
        machine, _ = start(Rig())
        for step in REACH[state]:
            feed(machine, step, 0.0)
        assert machine.state is state
        feed(machine, given, 0.0)
        return machine.state

    walk(TABLE, State, Input, try_pair)


def test_timer_e_doubles_up_to_t2_until_timer_f_at_32_s() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.run()
    assert rig.times == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert user.told == [(32.0, "timed out")]
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_in_proceeding_timer_e_is_t2_at_once_and_timer_f_still_runs() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.run(0.6)
    receive(rig, 100)
    rig.run()
    assert rig.times == [0.0, 0.5, 1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5]
    assert [what for _, what in user.told] == ["100", "timed out"]


def test_over_a_stream_it_is_sent_once_and_timers_f_and_k_are_32_s_and_zero() -> None:
    rig = Rig()
    _, user = start(rig, TCP)
    rig.run()
    assert rig.times == [0.0]
    assert user.told == [(32.0, "timed out")]
    rig = Rig()
    start(rig, TCP)
    receive(rig, 200)
    assert rig.is_empty


def test_the_final_response_is_told_once_and_timer_k_absorbs_for_5_s() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.run(0.1)
    receive(rig, 200)
    receive(rig, 200)
    receive(rig, 100)
    assert [what for _, what in user.told] == ["200"]
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    rig.run()
    assert rig.now == pytest.approx(5.1)
    assert rig.is_empty


def test_a_transport_error_is_told_unless_the_answer_is_there() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.layer.flow_failed(UDP, 0.0)
    rig.layer.flow_failed(UDP, 0.0)
    assert [what for _, what in user.told] == ["unreachable"]
    assert rig.is_empty
    _, user = start(rig)
    receive(rig, 200)
    rig.layer.flow_failed(UDP, 0.0)
    assert [what for _, what in user.told] == ["200"]


def test_a_failing_flow_spares_another_one_to_the_same_address() -> None:
    rig = Rig()
    _, user = start(rig)
    rig.layer.flow_failed(UDP._replace(local=("127.0.0.9", 5060)), 0.0)
    assert user.told == []


def test_a_request_that_nobody_waits_for_may_end_in_any_way() -> None:
    for end in (Input.RECEIVE_FINAL, Input.TIMER_F, Input.TRANSPORT_ERROR):
        rig = Rig()
        machine = rig.layer.request(KEY, b"OPTIONS", UDP, None, 0.0)
        feed(machine, end, 0.0)
        assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_a_request_that_can_change_no_call_is_not_counted() -> None:
    rig = Rig()
    rig.layer.request(KEY, b"OPTIONS", UDP, None, 0.0, counted=False)
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    rig.run(until=40.0)
    assert (rig.layer.live, rig.queue.live) == (0, 0)
