from __future__ import annotations

import pytest

from softswitch.core.errors import LocalProtocolError
from softswitch.sip.flow import Flow
from softswitch.sip.transaction.non_invite_server import TABLE, Input, NonInviteServer, State
from tests.unit.sip.transaction.rig import TCP, UDP, Rig, invite, walk

KEY = ("z9hG4bKx 127.0.0.1 5060", "OPTIONS")


def start(rig: Rig, flow: Flow = UDP) -> NonInviteServer:
    return rig.layer.serve(KEY, flow, rig.now)


def again(rig: Rig) -> None:
    assert rig.layer.absorb(invite("OPTIONS"), KEY, UDP, rig.now)


def feed(machine: NonInviteServer, given: Input, now: float) -> None:
    if given is Input.REQUEST:
        machine.receive_again()
    elif given is Input.SEND_1XX:
        machine.respond(100, b"100", now)
    elif given is Input.SEND_FINAL:
        machine.respond(200, b"200", now)
    else:
        machine.expire(given, now)


REACH = {
    State.TRYING: (),
    State.PROCEEDING: (Input.SEND_1XX,),
    State.COMPLETED: (Input.SEND_FINAL,),
    State.TERMINATED: (Input.SEND_FINAL, Input.TIMER_J),
}


def test_every_input_in_every_state_leads_where_the_rfc_says_or_is_an_error() -> None:
    def try_pair(state: State, given: Input) -> State:
        machine = start(Rig())
        for step in REACH[state]:
            feed(machine, step, 0.0)
        assert machine.state is state
        feed(machine, given, 0.0)
        return machine.state

    walk(TABLE, State, Input, try_pair)


def test_retransmissions_get_the_last_answer_until_timer_j_at_32_s() -> None:
    rig = Rig()
    machine = start(rig)
    again(rig)
    assert rig.sent == []
    machine.respond(100, b"100", 0.0)
    again(rig)
    rig.run(4.0)
    machine.respond(200, b"200", rig.now)
    again(rig)
    assert [data for _, data in rig.sent] == [b"100", b"100", b"200", b"200"]
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    rig.run()
    assert rig.now == 36.0
    assert rig.is_empty


def test_over_a_stream_timer_j_is_zero() -> None:
    rig = Rig()
    start(rig, TCP).respond(200, b"200", 0.0)
    assert rig.is_empty
    rig.layer.answer(KEY, TCP, b"200", 0.0)
    assert rig.is_empty


def test_no_408_and_no_provisional_response_but_100_answers_it() -> None:
    machine = start(Rig())
    for status in (408, 180, 183):
        with pytest.raises(LocalProtocolError, match="RFC 4320"):
            machine.respond(status, b"", 0.0)


def test_one_that_nobody_answers_ends_silently_when_its_client_has_given_up() -> None:
    rig = Rig()
    start(rig)
    assert (rig.layer.live, rig.queue.live) == (1, 1)
    rig.run()
    assert rig.now == 32.0
    assert rig.sent == []
    assert rig.is_empty
    assert (rig.layer.live, rig.queue.live) == (0, 0)


def test_a_request_answered_at_once_is_absorbed_for_32_s() -> None:
    rig = Rig()
    rig.layer.answer(KEY, UDP, b"200", 0.0)
    again(rig)
    assert rig.times == [0.0, 0.0]
    assert (rig.layer.live, rig.queue.live) == (0, 0)
    rig.run()
    assert rig.now == 32.0
    assert rig.is_empty


def test_two_final_responses_are_a_defect() -> None:
    machine = start(Rig())
    machine.respond(200, b"200", 0.0)
    with pytest.raises(LocalProtocolError):
        machine.respond(500, b"500", 0.0)
